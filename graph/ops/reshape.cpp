#include "kernels/common/attrs/shape.h"

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/views.h"

namespace miai::ops {
namespace {

int find_unknown(const InferContext& c, const Dims& shape) {
  int unknown = -1;
  for (int i = 0; i < shape.size(); ++i) {
    if (!shape[i].is_static() || shape[i].value() >= 0) continue;
    if (shape[i].value() != -1)
      c.fail(ErrorKind::kValue, "shape", "expected sizes of at least 0, or one -1, got ", shape);
    if (unknown >= 0) c.fail(ErrorKind::kValue, "shape", "expected at most one -1, got ", shape);
    unknown = i;
  }
  return unknown;
}

void infer_reshape(InferContext& c) {
  Dims shape = c.attrs<ShapeAttrs>().shape;
  Dim count = element_count(c.input(0).shape);
  auto fail = [&] {
    c.fail(ErrorKind::kValue, "shape", "expected sizes whose product is ", count, ", got ", shape,
           " for input of shape ", c.input(0).shape);
  };
  if (int unknown = find_unknown(c, shape); unknown >= 0) {
    Dims known = shape;
    known.erase(unknown);
    Dim rest = element_count(known);
    if (rest == Dim(0)) {
      c.fail(ErrorKind::kValue, "shape", "expected no 0 beside -1, got ", shape);
    }
    Dim size = floor_div(count, rest);
    if (!dims_equal(size * rest, count)) fail();
    shape[unknown] = size;
  } else if (!dims_equal(element_count(shape), count)) {
    fail();
  }
  c.output_like(0, shape);
}

}  // namespace

void define_reshape(OpTable& table) {
  OpDef op;
  op.name = "reshape";
  op.doc = R"(The elements of `inp`, in row-major order, in another shape. A view where the memory allows it.

`shape`: sizes of the output, whose product is the number of elements; one may be -1, which is then
computed. Any dtype. Raises ValueError if the products differ.

>>> import miai.functional as F, miai as mi
>>> F.reshape(mi.tensor([[1, 2, 3], [4, 5, 6]]), (3, -1)).shape
(3, 2)
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<ShapeAttrs>();
  op.infer = infer_reshape;
  op.view = reshape_view;
  table.add(std::move(op));
}

void define_reshape_grad(GradTable& grads) {
  grads.add("reshape", {[](GradContext& c) -> Vars { return {reshape(c.grad(), c.input_type(0).shape)}; }});
}

void define_reshape_samples(SampleTable& samples) {
  auto shape = [](Ints sizes) { return AttrList{{"shape", sizes}}; };
  samples.of("reshape")
      .valid({f32({2, 3})}, shape({3, 2}))
      .valid({f32({2, 3, 4})}, shape({-1, 4}))
      .valid({f32({5})}, shape({1, 5, 1}))
      .valid({f32({})}, shape({1, 1}))
      .valid({f32({1, 1})}, shape({}))
      .valid({f32({0, 3})}, shape({3, 0}))
      .valid({f32({0, 3})}, shape({-1, 3}))
      .valid({f32({3, 5}).transposed()}, shape({15}))
      .valid({f32({4, 6}).transposed()}, shape({2, 2, 6}))
      .valid({f32({3, 4, 5}).sliced()}, shape({3, 20}))
      .valid({f32({3, 4}).broadcast()}, shape({2, 6}))
      .valid({f64({7, 3})}, shape({3, 7}))
      .valid({f16({2, 2})}, shape({4}))
      .valid({bf16({2, 2})}, shape({4}))
      .valid({i64({2, 6})}, shape({3, -1}))
      .valid({b8({2, 3})}, shape({6}))
      .invalid({f32({2, 3})}, shape({4, 2}), ErrorKind::kValue,
               "expected sizes whose product is 6, got [4, 2]")
      .invalid({f32({2, 3})}, shape({-1, 4}), ErrorKind::kValue, "expected sizes whose product is 6")
      .invalid({f32({2, 3})}, shape({-1, -1}), ErrorKind::kValue, "expected at most one -1")
      .invalid({f32({0, 3})}, shape({0, -1}), ErrorKind::kValue, "expected no 0 beside -1")
      .invalid({f32({2, 3})}, shape({-2, 3}), ErrorKind::kValue, "expected sizes of at least 0")
      .invalid({f32({1})}, shape({1, 1, 1, 1, 1, 1, 1, 1, 1}), ErrorKind::kValue, "at most 8 dimensions");
}

}  // namespace miai::ops
