#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct RollAttrs {
  Ints shift;
  std::optional<Ints> axis;
  static auto fields() {
    return std::tuple{field("shift", &RollAttrs::shift, "places that elements move, for each axis named"),
                      field("axis", &RollAttrs::axis, "axis or axes; None rolls the flattened tensor")};
  }
};

void infer_roll(InferContext& c) {
  const RollAttrs& a = c.attrs<RollAttrs>();
  for (int64_t axis : a.axis.value_or(Ints{})) c.axis(axis, c.input(0).rank());
  size_t count = a.axis ? a.axis->size() : 1;
  if (a.shift.size() != count)
    c.fail(ErrorKind::kValue, "shift", "expected one number for each of the ", count, " axes, got ",
           AttrValue(a.shift));
  c.output_like(0, c.input(0).shape);
}

Var roll_axis(const Var& x, int64_t shift, int axis) {
  Dim size = x.shape()[axis];
  if (size == Dim(0)) return x;
  Dim front = Dim(shift) - floor_div(shift, size) * size;  // shift modulo size
  if (front == Dim(0)) return x;
  return concat({narrow(x, axis, size - front, front), narrow(x, axis, 0, size - front)}, axis);
}

Vars lower_roll(std::span<const Var> inputs, const Attrs& attrs) {
  const RollAttrs& a = attrs.as<RollAttrs>();
  Var x = inputs[0];
  Dims shape = x.shape();
  if (!a.axis) return {reshape(roll_axis(reshape(x, {element_count(shape)}), a.shift[0], 0), shape)};
  for (size_t i = 0; i < a.shift.size(); ++i) {
    int64_t axis = (*a.axis)[i];
    x = roll_axis(x, a.shift[i], static_cast<int>(axis < 0 ? axis + shape.size() : axis));
  }
  return {x == inputs[0] ? reshape(x, shape) : x};
}

}  // namespace

void define_roll(OpTable& table) {
  OpDef op;
  op.name = "roll";
  op.doc = R"(`inp` with elements moved along axes; what leaves at one end comes in at the other.

`shift`: places, one number for each axis; negative ones move to the front. `axis`: None rolls the flattened
tensor. Any dtype.

>>> import miai.functional as F, miai as mi
>>> F.roll(mi.tensor([1, 2, 3]), 1, 0).tolist()
[3, 1, 2]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<RollAttrs>();
  op.infer = infer_roll;
  op.lower = lower_roll;
  table.add(std::move(op));
}

void define_roll_samples(SampleTable& samples) {
  auto attrs = [](Ints shift, Ints axis) { return AttrList{{"shift", shift}, {"axis", axis}}; };
  samples.of("roll")
      .valid({f32({5})}, attrs({2}, {0}))
      .valid({f32({5})}, attrs({-2}, {0}))
      .valid({f32({5})}, attrs({12}, {-1}))
      .valid({f32({2, 3})}, attrs({1, 1}, {0, 1}))
      .valid({f32({2, 3})}, {{"shift", Ints{2}}})
      .valid({f32({2, 3})}, attrs({0}, {0}))
      .valid({f32({2, 3})}, attrs({3}, {1}))
      .valid({f32({0, 3})}, attrs({1}, {0}))
      .valid({f32({1})}, attrs({1}, {0}))
      .valid({f32({4, 3}).transposed()}, attrs({1}, {0}))
      .valid({f32({4, 3}).sliced()}, attrs({1}, {1}))
      .valid({f64({4, 3})}, attrs({1}, {0}))
      .valid({f16({4, 3})}, attrs({1}, {0}))
      .valid({i64({4, 3})}, attrs({1}, {0}))
      .valid({b8({4, 3})}, attrs({1}, {0}))
      .invalid({f32({5})}, attrs({1}, {1}), ErrorKind::kValue,
               "roll: argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({5})}, attrs({1, 2}, {0}), ErrorKind::kValue,
               "expected one number for each of the 1 axes")
      .invalid({f32({5})}, {{"shift", Ints{1, 2}}}, ErrorKind::kValue,
               "expected one number for each of the 1 axes")
      .invalid({f32({5})}, {{"shift", std::string("x")}}, ErrorKind::kType, "shift")
      .invalid({std::nullopt}, attrs({1}, {0}), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
