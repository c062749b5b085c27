#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/axes.h"

namespace miai::ops {
namespace {

void infer_flip(InferContext& c) {
  const auto& axes = c.attrs<OptionalAxesAttrs>().axis;
  std::vector<bool> seen(c.input(0).rank());
  for (int64_t entry : axes.value_or(Ints{})) {
    int axis = c.axis(entry, c.input(0).rank());
    if (seen[axis]) c.fail(ErrorKind::kValue, "axis", "expected different axes, got ", AttrValue(*axes));
    seen[axis] = true;
  }
  c.output_like(0, c.input(0).shape);
}

Vars lower_flip(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& axes = attrs.as<OptionalAxesAttrs>().axis;
  Dims size = inputs[0].shape(), start;
  Ints stride;
  for (int i = 0; i < size.size(); ++i) {
    bool named = !axes;
    for (int64_t axis : axes.value_or(Ints{})) named |= axis == i || axis + size.size() == i;
    bool flipped = named && !(size[i] == Dim(0));
    start.push_back(flipped ? size[i] - 1 : Dim(0));
    stride.push_back(flipped ? -1 : 1);
  }
  return {slice(inputs[0], start, size, stride)};
}

}  // namespace

void define_flip(OpTable& table) {
  OpDef op;
  op.name = "flip";
  op.doc = R"(`inp` with the order of elements reversed along axes; a view.

`axis`: None reverses all. Any dtype. Raises ValueError for an axis out of range or named twice.

>>> import miai.functional as F, miai as mi
>>> F.flip(mi.tensor([1, 2, 3])).tolist()
[3, 2, 1]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<OptionalAxesAttrs>();
  op.infer = infer_flip;
  op.lower = lower_flip;
  table.add(std::move(op));
}

void define_flip_samples(SampleTable& samples) {
  auto axis = [](Ints axes) { return AttrList{{"axis", axes}}; };
  samples.of("flip")
      .valid({f32({5})}, axis({0}))
      .valid({f32({2, 3})}, axis({-1}))
      .valid({f32({2, 3})}, axis({0, 1}))
      .valid({f32({2, 3})})
      .valid({f32({2, 3})}, axis({}))
      .valid({f32({})})
      .valid({f32({0, 3})}, axis({0}))
      .valid({f32({1, 1})})
      .valid({f32({4, 3}).transposed()}, axis({0}))
      .valid({f32({4, 3}).sliced()}, axis({1}))
      .valid({f32({4, 3}).broadcast()}, axis({1}))
      .valid({f64({4, 3})})
      .valid({bf16({4, 3})})
      .valid({i32({4, 3})})
      .valid({b8({4, 3})})
      .invalid({f32({5})}, axis({1}), ErrorKind::kValue, "flip: argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({5})}, axis({-2}), ErrorKind::kValue, "argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({5, 2})}, axis({1, -1}), ErrorKind::kValue, "expected different axes")
      .invalid({f32({5})}, {{"axis", std::string("x")}}, ErrorKind::kType, "axis")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
