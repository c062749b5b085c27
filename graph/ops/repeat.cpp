#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct RepeatAttrs {
  Dim repeats = 1;
  std::optional<int64_t> axis;
  static auto fields() {
    return std::tuple{field("repeats", &RepeatAttrs::repeats, "how often each element comes"),
                      field("axis", &RepeatAttrs::axis, "the axis; None flattens first")};
  }
};

void infer_repeat(InferContext& c) {
  const RepeatAttrs& a = c.attrs<RepeatAttrs>();
  const TensorType& in = c.input(0);
  if (a.repeats.is_static() && a.repeats.value() < 0)
    c.fail(ErrorKind::kValue, "repeats", "expected at least 0, got ", a.repeats);
  if (!a.axis) return c.output_like(0, {element_count(in.shape) * a.repeats});
  int axis = c.axis(*a.axis, in.rank());
  Dims shape = in.shape;
  shape[axis] = shape[axis] * a.repeats;
  c.output_like(0, shape);
}

Vars lower_repeat(std::span<const Var> inputs, const Attrs& attrs) {
  const RepeatAttrs& a = attrs.as<RepeatAttrs>();
  Dims shape = a.axis ? inputs[0].shape() : Dims{element_count(inputs[0].shape())};
  int axis = static_cast<int>(a.axis.value_or(0) < 0 ? *a.axis + shape.size() : a.axis.value_or(0));
  Dim outer = 1, inner = 1;
  for (int i = 0; i <= axis; ++i) outer = outer * shape[i];
  for (int i = axis + 1; i < shape.size(); ++i) inner = inner * shape[i];
  Var stretched = broadcast_to(reshape(inputs[0], {outer, 1, inner}), {outer, a.repeats, inner});
  shape[axis] = shape[axis] * a.repeats;
  return {reshape(stretched, shape)};
}

}  // namespace

void define_repeat(OpTable& table) {
  OpDef op;
  op.name = "repeat";
  op.doc = R"(`inp` with each element along an axis `repeats` times in a row, as NumPy's repeat.

`axis`: None repeats the flattened tensor. Any dtype. Raises ValueError for a negative number.

>>> import miai.functional as F, miai as mi
>>> F.repeat(mi.tensor([1, 2]), 2).tolist()
[1, 1, 2, 2]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<RepeatAttrs>();
  op.infer = infer_repeat;
  op.lower = lower_repeat;
  table.add(std::move(op));
}

void define_repeat_samples(SampleTable& samples) {
  auto attrs = [](int64_t repeats, int64_t axis) { return AttrList{{"repeats", repeats}, {"axis", axis}}; };
  samples.of("repeat")
      .valid({f32({3})}, attrs(2, 0))
      .valid({f32({2, 3})}, attrs(3, 0))
      .valid({f32({2, 3})}, attrs(2, -1))
      .valid({f32({2, 3, 4})}, attrs(2, 1))
      .valid({f32({2, 3})}, {{"repeats", int64_t{2}}})
      .valid({f32({})}, {{"repeats", int64_t{3}}})
      .valid({f32({2, 3})}, attrs(0, 1))
      .valid({f32({0, 3})}, attrs(2, 1))
      .valid({f32({2, 3})}, attrs(1, 1))
      .valid({f32({2, 3}).transposed()}, attrs(2, 1))
      .valid({f32({2, 3}).sliced()}, attrs(2, 0))
      .valid({f64({2, 3})}, attrs(2, 0))
      .valid({bf16({2, 3})}, attrs(2, 0))
      .valid({i32({2, 3})}, attrs(2, 0))
      .valid({b8({2, 3})}, attrs(2, 0))
      .invalid({f32({3})}, attrs(-1, 0), ErrorKind::kValue,
               "repeat: argument 'repeats': expected at least 0, got -1")
      .invalid({f32({3})}, attrs(2, 1), ErrorKind::kValue, "argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({3})}, attrs(2, -2), ErrorKind::kValue, "argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({8})}, attrs(int64_t{1} << 60, 0), ErrorKind::kOverflow, "sizes too large")
      .invalid({std::nullopt}, attrs(2, 0), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
