#include "graph/ops/broadcast_checks.h"
#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/shape.h"
#include "kernels/common/views.h"

namespace miai::ops {
namespace {

void infer_broadcast_to(InferContext& c) {
  const Dims& shape = c.attrs<ShapeAttrs>().shape;
  for (Dim d : shape)
    if (d.is_static() && d.value() < 0)
      c.fail(ErrorKind::kValue, "shape", "expected sizes of at least 0, got ", shape);
  check_broadcasts_to(c, 0, shape);
  c.output_like(0, shape);
}

}  // namespace

void define_broadcast_to(OpTable& table) {
  OpDef op;
  op.name = "broadcast_to";
  op.doc = R"(`inp` repeated along new leading axes and along axes of size 1, as NumPy broadcasts; a view.

`shape`: sizes of the output. Any dtype. Raises ValueError if `inp` does not broadcast to it.

>>> import miai.functional as F, miai as mi
>>> F.broadcast_to(mi.tensor([1.0, 2.0]), (3, 2)).shape
(3, 2)
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<ShapeAttrs>();
  op.infer = infer_broadcast_to;
  op.view = broadcast_view;
  table.add(std::move(op));
}

void define_broadcast_to_grad(GradTable& grads) {
  grads.add("broadcast_to",
            {[](GradContext& c) -> Vars { return {sum_to(c.grad(), c.input_type(0).shape)}; }});
}

void define_broadcast_to_samples(SampleTable& samples) {
  auto shape = [](Ints sizes) { return AttrList{{"shape", sizes}}; };
  samples.of("broadcast_to")
      .valid({f32({3})}, shape({2, 3}))
      .valid({f32({2, 1})}, shape({2, 5}))
      .valid({f32({})}, shape({2, 3}))
      .valid({f32({})}, shape({}))
      .valid({f32({1, 3, 1})}, shape({2, 2, 3, 5}))
      .valid({f32({1})}, shape({0}))
      .valid({f32({0, 1})}, shape({0, 4}))
      .valid({f32({4, 3}).transposed()}, shape({2, 4, 3}))
      .valid({f32({3, 1}).sliced()}, shape({3, 7}))
      .valid({f64({1, 3})}, shape({2, 3}))
      .valid({f16({1, 3})}, shape({2, 3}))
      .valid({bf16({1, 3})}, shape({2, 3}))
      .valid({i64({1, 3})}, shape({2, 3}))
      .valid({b8({1})}, shape({3}))
      .invalid({f32({3})}, shape({2, 4}), ErrorKind::kValue,
               "expected a shape that broadcasts to [2, 4], got [3]")
      .invalid({f32({2, 3})}, shape({3}), ErrorKind::kValue, "expected a shape that broadcasts to [3]")
      .invalid({f32({3})}, shape({1}), ErrorKind::kValue, "expected a shape that broadcasts to [1]")
      .invalid({f32({3})}, shape({-1, 3}), ErrorKind::kValue, "expected sizes of at least 0")
      .invalid({std::nullopt}, shape({3}), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
