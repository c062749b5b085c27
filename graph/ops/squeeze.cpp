#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/axes.h"
#include "kernels/common/views.h"

namespace miai::ops {
namespace {

void infer_squeeze(InferContext& c) {
  const std::optional<Ints>& axes = c.attrs<OptionalAxesAttrs>().axis;
  const TensorType& in = c.input(0);
  std::vector<bool> drop(in.rank());
  for (int i = 0; i < in.rank(); ++i) drop[i] = !axes && dims_equal(in.shape[i], 1);
  for (int64_t entry : axes.value_or(Ints{})) {
    int axis = c.axis(entry, in.rank());
    if (!dims_equal(in.shape[axis], 1))
      c.fail(ErrorKind::kValue, "axis", "expected an axis of size 1, got axis ", axis, " of size ",
             in.shape[axis], " (shape ", in.shape, ")");
    if (drop[axis]) c.fail(ErrorKind::kValue, "axis", "expected different axes, got ", AttrValue(*axes));
    drop[axis] = true;
  }
  Dims shape;
  for (int i = 0; i < in.rank(); ++i)
    if (!drop[i]) shape.push_back(in.shape[i]);
  c.output_like(0, shape);
}

}  // namespace

void define_squeeze(OpTable& table) {
  OpDef op;
  op.name = "squeeze";
  op.doc = R"(`inp` without axes of size 1; a view.

`axis`: which ones; None for all of size 1. Any dtype. Raises ValueError for an axis of another size.

>>> import miai.functional as F, miai as mi
>>> F.squeeze(mi.tensor([[1.0, 2.0]])).shape
(2,)
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<OptionalAxesAttrs>();
  op.infer = infer_squeeze;
  op.view = reshape_view;
  table.add(std::move(op));
}

void define_squeeze_grad(GradTable& grads) {
  grads.add("squeeze", {[](GradContext& c) -> Vars { return {reshape(c.grad(), c.input_type(0).shape)}; }});
}

void define_squeeze_samples(SampleTable& samples) {
  auto axis = [](Ints axes) { return AttrList{{"axis", axes}}; };
  samples.of("squeeze")
      .valid({f32({1, 3})}, axis({0}))
      .valid({f32({3, 1})}, axis({-1}))
      .valid({f32({1, 3, 1, 1})})
      .valid({f32({1, 3, 1})}, axis({0, 2}))
      .valid({f32({2, 3})})
      .valid({f32({})})
      .valid({f32({1, 1})})
      .valid({f32({1, 0})})
      .valid({f32({3, 1}).transposed()}, axis({1}))
      .valid({f32({3, 1, 4}).sliced()}, axis({1}))
      .valid({f64({1, 3})})
      .valid({bf16({1, 3})})
      .valid({i32({1, 3})})
      .valid({b8({1, 3})})
      .invalid({f32({2, 1})}, axis({0}), ErrorKind::kValue,
               "expected an axis of size 1, got axis 0 of size 2")
      .invalid({f32({2, 1})}, axis({2}), ErrorKind::kValue, "argument 'axis': expected an axis in [-2, 2)")
      .invalid({f32({2, 1})}, axis({-3}), ErrorKind::kValue, "argument 'axis': expected an axis in [-2, 2)")
      .invalid({f32({2, 1})}, axis({1, -1}), ErrorKind::kValue, "expected different axes")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
