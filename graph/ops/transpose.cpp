#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/shape.h"
#include "kernels/common/views.h"

namespace miai::ops {
namespace {

void infer_transpose(InferContext& c) {
  const Ints& pattern = c.attrs<TransposeAttrs>().pattern;
  const TensorType& in = c.input(0);
  int rank = in.rank();
  Dims shape;
  if (pattern.empty()) {
    for (int i = rank - 1; i >= 0; --i) shape.push_back(in.shape[i]);
    return c.output_like(0, shape);
  }
  auto fail = [&] {
    c.fail(ErrorKind::kValue, "pattern", "expected every axis of a tensor of rank ", rank, " once, got ",
           AttrValue(pattern));
  };
  if (static_cast<int>(pattern.size()) != rank) fail();
  std::vector<bool> used(pattern.size());
  for (int64_t entry : pattern) {
    int axis = c.axis(entry, rank, "pattern");
    if (used[axis]) fail();
    used[axis] = true;
    shape.push_back(in.shape[axis]);
  }
  c.output_like(0, shape);
}

}  // namespace

void define_transpose(OpTable& table) {
  OpDef op;
  op.name = "transpose";
  op.doc = R"(`inp` with its axes in another order; a view.

`pattern`: output axis i is input axis pattern[i]; empty reverses all axes. Any dtype. Raises ValueError
if the pattern does not name every axis once.

>>> import miai.functional as F, miai as mi
>>> F.transpose(mi.tensor([[1, 2, 3], [4, 5, 6]]), (1, 0)).shape
(3, 2)
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<TransposeAttrs>();
  op.infer = infer_transpose;
  op.view = transpose_view;
  table.add(std::move(op));
}

void define_transpose_grad(GradTable& grads) {
  grads.add("transpose", {[](GradContext& c) -> Vars {
              const Ints& pattern = c.attrs_as<TransposeAttrs>().pattern;
              int rank = static_cast<int>(pattern.size());
              Ints inverse(pattern.size());
              for (int i = 0; i < rank; ++i) inverse[pattern[i] < 0 ? pattern[i] + rank : pattern[i]] = i;
              return {transpose(c.grad(), inverse)};
            }});
}

void define_transpose_samples(SampleTable& samples) {
  auto pattern = [](Ints axes) { return AttrList{{"pattern", axes}}; };
  samples.of("transpose")
      .valid({f32({2, 3})}, pattern({1, 0}))
      .valid({f32({2, 3})})
      .valid({f32({2, 3, 4})}, pattern({2, 0, 1}))
      .valid({f32({2, 3, 4})}, pattern({-1, 0, -2}))
      .valid({f32({2, 3, 1, 5})}, pattern({0, 2, 3, 1}))
      .valid({f32({})})
      .valid({f32({7})}, pattern({0}))
      .valid({f32({0, 3})}, pattern({1, 0}))
      .valid({f32({67, 45})}, pattern({1, 0}))
      .valid({f32({3, 5}).transposed()}, pattern({1, 0}))
      .valid({f32({4, 6, 3}).sliced()}, pattern({1, 2, 0}))
      .valid({f32({3, 4}).broadcast()}, pattern({1, 0}))
      .valid({f64({3, 4})}, pattern({1, 0}))
      .valid({f16({3, 4})}, pattern({1, 0}))
      .valid({i32({3, 4})}, pattern({1, 0}))
      .valid({b8({3, 4})}, pattern({1, 0}))
      .invalid({f32({2, 3})}, pattern({0}), ErrorKind::kValue,
               "expected every axis of a tensor of rank 2 once")
      .invalid({f32({2, 3})}, pattern({0, 0}), ErrorKind::kValue, "every axis of a tensor of rank 2 once")
      .invalid({f32({2, 3})}, pattern({0, 2}), ErrorKind::kValue, "argument 'pattern': expected an axis in")
      .invalid({f32({2, 3})}, pattern({0, -3}), ErrorKind::kValue, "argument 'pattern': expected an axis in")
      .invalid({f32({2})}, {{"pattern", std::string("x")}}, ErrorKind::kType, "pattern")
      .invalid({std::nullopt}, pattern({0}), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
