#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"

namespace miai::ops {
namespace {

void infer_stack(InferContext& c) {
  if (c.input_count() == 0) c.fail(ErrorKind::kValue, "inps", "expected at least one tensor, got none");
  Dims shape = c.input(0).shape;
  int axis = c.axis(c.attrs<AxisAttrs>().axis, shape.size() + 1);
  for (int i = 1; i < c.input_count(); ++i) {
    c.check_rank(i, shape.size());
    c.check_same_dtype(0, i);
    for (int d = 0; d < shape.size(); ++d) c.check_dim(i, d, shape[d], "as inps[0] has");
  }
  shape.insert(axis, c.input_count());
  c.output_like(0, shape);
}

Vars lower_stack(std::span<const Var> inputs, const Attrs& attrs) {
  int64_t axis = attrs.as<AxisAttrs>().axis;
  if (axis < 0) axis += inputs[0].type().rank() + 1;
  Vars parts;
  for (const Var& input : inputs) parts.push_back(expand_dims(input, static_cast<int>(axis)));
  return {concat(parts, static_cast<int>(axis))};
}

}  // namespace

void define_stack(OpTable& table) {
  OpDef op;
  op.name = "stack";
  op.doc = R"(Tensors joined along a new axis.

`inps`: tensors of one dtype and shape. `axis`: where the new axis stands in the output. Raises ValueError
where shapes differ, TypeError where dtypes do.

>>> import miai.functional as F, miai as mi
>>> F.stack([mi.tensor([1, 2]), mi.tensor([3, 4])]).tolist()
[[1, 2], [3, 4]]
)";
  op.inputs = {{"inps", Presence::kVariadic}};
  op.attrs = &attrs_type<AxisAttrs>();
  op.infer = infer_stack;
  op.lower = lower_stack;
  table.add(std::move(op));
}

void define_stack_samples(SampleTable& samples) {
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  samples.of("stack")
      .valid({f32({2, 3}), f32({2, 3})})
      .valid({f32({2, 3}), f32({2, 3}), f32({2, 3})}, axis(1))
      .valid({f32({2, 3}), f32({2, 3})}, axis(-1))
      .valid({f32({4})})
      .valid({f32({}), f32({})})
      .valid({f32({0}), f32({0})})
      .valid({f32({3, 4}).transposed(), f32({3, 4}).sliced()}, axis(2))
      .valid({f32({3, 4}).broadcast(), f32({3, 4})})
      .valid({f64({2}), f64({2})})
      .valid({f16({2}), f16({2})})
      .valid({i32({2}), i32({2})})
      .valid({b8({3}), b8({3})})
      .invalid({}, {}, ErrorKind::kValue, "stack: argument 'inps': expected at least one tensor")
      .invalid({f32({2}), f32({3})}, {}, ErrorKind::kValue,
               "argument 'inps[1]': expected size 2 in dimension 0")
      .invalid({f32({2}), f32({2, 1})}, {}, ErrorKind::kValue,
               "argument 'inps[1]': expected rank 1, got rank 2")
      .invalid({f32({2}), i64({2})}, {}, ErrorKind::kType, "argument 'inps[1]': expected dtype float32")
      .invalid({f32({2}), f32({2})}, axis(2), ErrorKind::kValue,
               "argument 'axis': expected an axis in [-2, 2)");
}

}  // namespace miai::ops
