#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/views.h"

namespace miai::ops {
namespace {

struct FlattenAttrs {
  int64_t start_axis = 0, end_axis = -1;
  static auto fields() {
    return std::tuple{field("start_axis", &FlattenAttrs::start_axis, "first axis to merge"),
                      field("end_axis", &FlattenAttrs::end_axis, "last axis to merge, included")};
  }
};

void infer_flatten(InferContext& c) {
  const FlattenAttrs& a = c.attrs<FlattenAttrs>();
  const TensorType& in = c.input(0);
  int rank = std::max(in.rank(), 1);  // a scalar becomes one element
  int start = c.axis(a.start_axis, rank, "start_axis"), end = c.axis(a.end_axis, rank, "end_axis");
  if (start > end)
    c.fail(ErrorKind::kValue, "end_axis", "expected an axis not before start_axis ", start, ", got ", end);
  Dims shape;
  Dim merged = 1;
  for (int i = 0; i < start; ++i) shape.push_back(in.shape[i]);
  for (int i = start; i <= end && i < in.rank(); ++i) merged = merged * in.shape[i];
  shape.push_back(merged);
  for (int i = end + 1; i < in.rank(); ++i) shape.push_back(in.shape[i]);
  c.output_like(0, shape);
}

}  // namespace

void define_flatten(OpTable& table) {
  OpDef op;
  op.name = "flatten";
  op.doc =
      R"(`inp` with the axes from `start_axis` to `end_axis` merged into one; a view where the memory allows it.

Any dtype. Raises ValueError for axes out of range or in the wrong order.

>>> import miai.functional as F, miai as mi
>>> F.flatten(mi.tensor([[[1, 2], [3, 4]]]), 1).shape
(1, 4)
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<FlattenAttrs>();
  op.infer = infer_flatten;
  op.view = reshape_view;
  table.add(std::move(op));
}

void define_flatten_grad(GradTable& grads) {
  grads.add("flatten", {[](GradContext& c) -> Vars { return {reshape(c.grad(), c.input_type(0).shape)}; }});
}

void define_flatten_samples(SampleTable& samples) {
  auto axes = [](int64_t start, int64_t end) { return AttrList{{"start_axis", start}, {"end_axis", end}}; };
  samples.of("flatten")
      .valid({f32({2, 3, 4})})
      .valid({f32({2, 3, 4})}, axes(1, -1))
      .valid({f32({2, 3, 4})}, axes(0, 1))
      .valid({f32({2, 3, 4})}, axes(1, 1))
      .valid({f32({2, 3, 4, 5})}, axes(-3, -2))
      .valid({f32({})})
      .valid({f32({5})})
      .valid({f32({0, 3})})
      .valid({f32({3, 5}).transposed()})
      .valid({f32({3, 4, 5}).sliced()}, axes(0, 1))
      .valid({f64({2, 3})})
      .valid({f16({2, 3})})
      .valid({i64({2, 3})})
      .valid({b8({2, 3})})
      .invalid({f32({2, 3})}, axes(2, -1), ErrorKind::kValue,
               "argument 'start_axis': expected an axis in [-2, 2)")
      .invalid({f32({2, 3})}, axes(0, 2), ErrorKind::kValue,
               "argument 'end_axis': expected an axis in [-2, 2)")
      .invalid({f32({2, 3})}, axes(1, 0), ErrorKind::kValue,
               "expected an axis not before start_axis 1, got 0")
      .invalid({f32({2, 3})}, axes(-3, -1), ErrorKind::kValue, "argument 'start_axis'")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
