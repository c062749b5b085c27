#include "kernels/common/attrs/pick.h"

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

void infer_pick(InferContext& c) {
  const Dims &shape = c.input(0).shape, &index = c.input(1).shape;
  int axis = c.axis(c.attrs<PickAttrs>().axis, shape.size());
  c.check_int(1);
  c.check_rank(1, shape.size() - 1);
  for (int i = 0; i < index.size(); ++i) c.check_dim(1, i, shape[i < axis ? i : i + 1], "as 'inp' has");
  c.output_like(0, index);
}

void infer_pick_backward(InferContext& c) {
  const auto& a = c.attrs<PickBackwardAttrs>();
  Dims shape = c.input(0).shape;
  int axis = c.axis(a.axis, shape.size() + 1);
  c.check_int(1);
  c.check_rank(1, shape.size());
  for (int i = 0; i < shape.size(); ++i) c.check_dim(1, i, shape[i], "as 'dy' has");
  if (a.size.is_static() && a.size.value() < 0)
    c.fail(ErrorKind::kValue, "size", "expected at least 0, got ", a.size);
  shape.insert(axis, a.size);
  c.output_like(0, shape);
}

Vars pick_grad(GradContext& c) {
  const auto& a = c.attrs_as<PickAttrs>();
  const Dims& shape = c.input_type(0).shape;
  int axis = static_cast<int>(a.axis < 0 ? a.axis + shape.size() : a.axis);
  Attrs attrs = make_attrs(PickBackwardAttrs{axis, shape[axis], a.negative});
  return {emit1(find_op("pick_backward"), attrs, {c.grad(), c.input(1)}), {}};
}

Vars pick_backward_grad(GradContext& c) {
  const auto& a = c.attrs_as<PickBackwardAttrs>();
  return {emit1(find_op("pick"), make_attrs(PickAttrs{a.axis, a.negative}), {c.grad(), c.input(1)}), {}};
}

}  // namespace

void define_pick(OpTable& table) {
  OpDef op;
  op.name = "pick";
  op.doc =
      "One element of `inp` along an axis for each index; `index` has its shape without the axis. An index "
      "out of bounds is an IndexError of the operator and argument that the attributes name.";
  op.inputs = {{"inp"}, {"index"}};
  op.attrs = &attrs_type<PickAttrs>();
  op.infer = infer_pick;
  op.checks_values = true;
  op.is_public = false;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "pick_backward";
  backward.doc = "The gradient of pick: `dy` where it was picked from, else zeros.";
  backward.inputs = {{"dy"}, {"index"}};
  backward.attrs = &attrs_type<PickBackwardAttrs>();
  backward.infer = infer_pick_backward;
  backward.checks_values = true;
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_pick_grad(GradTable& grads) {
  grads.add("pick", {pick_grad, {1}});
  grads.add("pick_backward", {pick_backward_grad, {1}});
}

void define_pick_samples(SampleTable& samples) {
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  auto wrapped = [](int64_t a) { return AttrList{{"axis", a}, {"negative", true}}; };
  samples.of("pick")
      .valid({f32({3, 4}), i64({3}, 0, 4)})
      .valid({f32({3, 4}), i64({3}, -4, 4)}, wrapped(1))
      .valid({f32({3, 4}), i64({4}, 0, 3)}, axis(0))
      .valid({f32({3, 4, 5}), i64({3, 5}, 0, 4)}, axis(-2))
      .valid({f32({5}), i64({}, 0, 5)}, axis(0))
      .valid({f32({0, 4}), i64({0}, 0, 4)})
      .valid({f32({1, 1}), i64({1}, 0, 1)})
      .valid({f32({301, 7}), i64({301}, 0, 7)})
      .valid({f32({3, 4}).transposed(), i32({3}, 0, 4)})
      .valid({f32({3, 4}).sliced(), i32({3}, 0, 4).sliced()})
      .valid({f32({3, 4}).broadcast(), i64({3}, 0, 4)})
      .valid({f64({3, 4}), i64({3}, 0, 4)})
      .valid({bf16({3, 4}), i64({3}, 0, 4)})
      .valid({b8({3, 4}), i64({3}, 0, 4)})
      .invalid({f32({3, 4}), i64({3}).of({0, 4, 0})}, {}, ErrorKind::kIndex,
               "pick: argument 'index': expected indices in [0, 4) of axis 1, got 4")
      .invalid({f32({3, 4}), i64({3}).of({0, -1, 0})}, {}, ErrorKind::kIndex,
               "expected indices in [0, 4) of axis 1, got -1")
      .invalid({f32({3, 4}), i64({3}).of({0, -5, 0})}, wrapped(1), ErrorKind::kIndex,
               "expected indices in [-4, 4) of axis 1, got -5")
      .invalid({f32({3, 4}), f32({3})}, {}, ErrorKind::kType, "argument 'index': expected an integer dtype")
      .invalid({f32({3, 4}), i64({4}, 0, 4)}, {}, ErrorKind::kValue, "expected size 3 in dimension 0")
      .invalid({f32({3, 4}), i64({3, 1}, 0, 4)}, {}, ErrorKind::kValue, "argument 'index': expected rank 1");
  auto sized = [](int64_t a, int64_t size) { return AttrList{{"axis", a}, {"size", size}}; };
  samples.of("pick_backward")
      .valid({f32({3}), i64({3}, 0, 4)}, sized(1, 4))
      .valid({f32({4}), i64({4}, 0, 3)}, sized(0, 3))
      .valid({f32({3, 5}), i64({3, 5}, 0, 4)}, sized(-2, 4))
      .valid({f32({}), i64({}, 0, 5)}, sized(0, 5))
      .valid({f32({0}), i64({0}, 0, 4)}, sized(1, 4))
      .valid({f32({1}), i64({1}, 0, 1)}, sized(1, 1))
      .valid({f32({301}), i64({301}, 0, 7)}, sized(1, 7))
      .valid({f32({3, 5}).transposed(), i32({3, 5}, 0, 4)}, sized(1, 4))
      .valid({f32({6}).sliced(), i32({6}, 0, 4).sliced()}, sized(1, 4))
      .valid({f64({3}), i64({3}, 0, 4)}, sized(1, 4))
      .valid({bf16({3}), i64({3}, 0, 4)}, sized(1, 4))
      .invalid({f32({3}), i64({3}).of({0, 4, 0})}, sized(1, 4), ErrorKind::kIndex,
               "pick_backward: argument 'index': expected indices in [0, 4) of axis 1, got 4")
      .invalid({f32({3}), f32({3})}, sized(1, 4), ErrorKind::kType, "expected an integer dtype")
      .invalid({f32({3}), i64({4}, 0, 4)}, sized(1, 4), ErrorKind::kValue, "expected size 3 in dimension 0")
      .invalid({f32({3}), i64({3}, 0, 4)}, sized(1, -1), ErrorKind::kValue, "argument 'size'")
      .invalid({f32({3}), i64({3}, 0, 4)}, sized(2, 4), ErrorKind::kValue, "argument 'axis'");
}

}  // namespace miai::ops
