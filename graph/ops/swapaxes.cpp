#include <numeric>

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct SwapAxesAttrs {
  int64_t axis1 = 0, axis2 = 1;
  static auto fields() {
    return std::tuple{field("axis1", &SwapAxesAttrs::axis1, "an axis"),
                      field("axis2", &SwapAxesAttrs::axis2, "the axis to exchange it with")};
  }
};

void infer_swapaxes(InferContext& c) {
  const SwapAxesAttrs& a = c.attrs<SwapAxesAttrs>();
  Dims shape = c.input(0).shape;
  std::swap(shape[c.axis(a.axis1, shape.size(), "axis1")], shape[c.axis(a.axis2, shape.size(), "axis2")]);
  c.output_like(0, shape);
}

Vars lower_swapaxes(std::span<const Var> inputs, const Attrs& attrs) {
  const SwapAxesAttrs& a = attrs.as<SwapAxesAttrs>();
  int rank = inputs[0].type().rank();
  Ints pattern(rank);
  std::iota(pattern.begin(), pattern.end(), 0);
  std::swap(pattern[a.axis1 < 0 ? a.axis1 + rank : a.axis1], pattern[a.axis2 < 0 ? a.axis2 + rank : a.axis2]);
  return {transpose(inputs[0], pattern)};
}

}  // namespace

void define_swapaxes(OpTable& table) {
  OpDef op;
  op.name = "swapaxes";
  op.doc = R"(`inp` with two axes exchanged; a view. Any dtype.

>>> import miai.functional as F, miai as mi
>>> F.swapaxes(mi.tensor([[1, 2, 3]]), 0, 1).shape
(3, 1)
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<SwapAxesAttrs>();
  op.infer = infer_swapaxes;
  op.lower = lower_swapaxes;
  table.add(std::move(op));
}

void define_swapaxes_samples(SampleTable& samples) {
  auto axes = [](int64_t a, int64_t b) { return AttrList{{"axis1", a}, {"axis2", b}}; };
  samples.of("swapaxes")
      .valid({f32({2, 3})}, axes(0, 1))
      .valid({f32({2, 3, 4})}, axes(0, -1))
      .valid({f32({2, 3, 4})}, axes(2, 1))
      .valid({f32({2, 3})}, axes(1, 1))
      .valid({f32({5})}, axes(0, 0))
      .valid({f32({0, 3})}, axes(0, 1))
      .valid({f32({1, 1})}, axes(0, 1))
      .valid({f32({4, 3}).transposed()}, axes(0, 1))
      .valid({f32({4, 3}).sliced()}, axes(0, 1))
      .valid({f64({4, 3})}, axes(0, 1))
      .valid({f16({4, 3})}, axes(0, 1))
      .valid({i64({4, 3})}, axes(0, 1))
      .invalid({f32({2, 3})}, axes(2, 0), ErrorKind::kValue,
               "swapaxes: argument 'axis1': expected an axis in [-2, 2)")
      .invalid({f32({2, 3})}, axes(0, 2), ErrorKind::kValue,
               "swapaxes: argument 'axis2': expected an axis in [-2, 2)")
      .invalid({f32({2, 3})}, axes(0, -3), ErrorKind::kValue, "argument 'axis2'")
      .invalid({f32({})}, axes(0, 0), ErrorKind::kValue, "argument 'axis")
      .invalid({std::nullopt}, axes(0, 1), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
