#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/axes.h"
#include "kernels/common/views.h"

namespace miai::ops {
namespace {

void infer_expand_dims(InferContext& c) {
  const Ints& axes = c.attrs<AxesAttrs>().axis;
  const TensorType& in = c.input(0);
  int rank = in.rank() + static_cast<int>(axes.size());
  if (rank > kMaxRank)
    c.fail(ErrorKind::kValue, "axis", "expected an output of at most ", kMaxRank, " dimensions, got ", rank);
  std::vector<bool> is_new(rank);
  for (int64_t entry : axes) {
    int axis = c.axis(entry, rank);
    if (is_new[axis]) c.fail(ErrorKind::kValue, "axis", "expected different axes, got ", AttrValue(axes));
    is_new[axis] = true;
  }
  Dims shape;
  for (int i = 0, from = 0; i < rank; ++i) shape.push_back(is_new[i] ? Dim(1) : in.shape[from++]);
  c.output_like(0, shape);
}

}  // namespace

void define_expand_dims(OpTable& table) {
  OpDef op;
  op.name = "expand_dims";
  op.doc = R"(`inp` with axes of size 1 added; a view.

`axis`: where they stand in the output; negative ones count from its end. Any dtype. Raises ValueError for
an axis out of range or named twice.

>>> import miai.functional as F, miai as mi
>>> F.expand_dims(mi.tensor([1.0, 2.0]), 0).shape
(1, 2)
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<AxesAttrs>();
  op.infer = infer_expand_dims;
  op.view = reshape_view;
  table.add(std::move(op));
}

void define_expand_dims_grad(GradTable& grads) {
  grads.add("expand_dims",
            {[](GradContext& c) -> Vars { return {reshape(c.grad(), c.input_type(0).shape)}; }});
}

void define_expand_dims_samples(SampleTable& samples) {
  auto axis = [](Ints axes) { return AttrList{{"axis", axes}}; };
  samples.of("expand_dims")
      .valid({f32({2, 3})}, axis({0}))
      .valid({f32({2, 3})}, axis({-1}))
      .valid({f32({2, 3})}, axis({1, 3}))
      .valid({f32({2, 3})}, axis({-3}))
      .valid({f32({})}, axis({0}))
      .valid({f32({0})}, axis({1}))
      .valid({f32({2, 3}).transposed()}, axis({1}))
      .valid({f32({5, 3}).sliced()}, axis({0}))
      .valid({f32({5, 3}).broadcast()}, axis({0}))
      .valid({f64({2, 3})}, axis({0}))
      .valid({f16({3})}, axis({0}))
      .valid({i64({3})}, axis({1}))
      .valid({b8({3})}, axis({1}))
      .invalid({f32({2, 3})}, axis({3}), ErrorKind::kValue, "argument 'axis': expected an axis in [-3, 3)")
      .invalid({f32({2, 3})}, axis({-4}), ErrorKind::kValue, "argument 'axis': expected an axis in [-3, 3)")
      .invalid({f32({2, 3})}, axis({0, 0}), ErrorKind::kValue, "expected different axes")
      .invalid({f32({1, 1, 1, 1, 1, 1, 1, 1})}, axis({0}), ErrorKind::kValue, "at most 8 dimensions")
      .invalid({std::nullopt}, axis({0}), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
