#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"

namespace miai::ops {
namespace {

void infer_concat(InferContext& c) {
  if (c.input_count() == 0) c.fail(ErrorKind::kValue, "inps", "expected at least one tensor, got none");
  c.check_min_rank(0, 1);
  Dims shape = c.input(0).shape;
  int axis = c.axis(c.attrs<AxisAttrs>().axis, shape.size());
  for (int i = 1; i < c.input_count(); ++i) {
    c.check_rank(i, shape.size());
    c.check_same_dtype(0, i);
    for (int d = 0; d < shape.size(); ++d)
      if (d != axis) c.check_dim(i, d, c.input(0).shape[d], "as inps[0] has");
    shape[axis] = shape[axis] + c.input(i).shape[axis];
  }
  c.output_like(0, shape);
}

int axis_of(const GradContext& c) {
  int64_t axis = c.attrs_as<AxisAttrs>().axis;
  return static_cast<int>(axis < 0 ? axis + c.input_type(0).rank() : axis);
}

}  // namespace

void define_concat(OpTable& table) {
  OpDef op;
  op.name = "concat";
  op.doc = R"(Tensors joined along an axis that they have.

`inps`: tensors of one dtype, alike in every axis but `axis`. Raises ValueError where sizes differ, TypeError
where dtypes do.

>>> import miai.functional as F, miai as mi
>>> F.concat([mi.tensor([1, 2]), mi.tensor([3])]).tolist()
[1, 2, 3]
)";
  op.inputs = {{"inps", Presence::kVariadic}};
  op.attrs = &attrs_type<AxisAttrs>();
  op.infer = infer_concat;
  table.add(std::move(op));
}

void define_concat_grad(GradTable& grads) {
  grads.add("concat", {[](GradContext& c) -> Vars {
              int axis = axis_of(c);
              Vars parts(c.input_count());
              Dim begin = 0;
              for (int i = 0; i < c.input_count(); ++i) {
                Dim size = c.input_type(i).shape[axis];
                if (c.needs(i)) parts[i] = narrow(c.grad(), axis, begin, size);
                begin = begin + size;
              }
              return parts;
            }});
}

void define_concat_samples(SampleTable& samples) {
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  samples.of("concat")
      .valid({f32({2, 3}), f32({1, 3})})
      .valid({f32({2, 3}), f32({2, 2}), f32({2, 1})}, axis(1))
      .valid({f32({2, 3}), f32({2, 2})}, axis(-1))
      .valid({f32({4})})
      .valid({f32({0}), f32({3})})
      .valid({f32({0}), f32({0})})
      .valid({f32({2, 0}), f32({2, 3})}, axis(1))
      .valid({f32({3, 4}).transposed(), f32({3, 4})}, axis(0))
      .valid({f32({3, 4, 5}).sliced(), f32({3, 4, 2}).transposed()}, axis(2))
      .valid({f32({3, 4}).broadcast(), f32({3, 1})}, axis(1))
      .valid({f64({2, 3}), f64({2, 3})})
      .valid({f16({3}), f16({2})})
      .valid({bf16({3}), bf16({2})})
      .valid({i64({3}), i64({2})})
      .valid({b8({3}), b8({2})})
      .invalid({}, {}, ErrorKind::kValue, "concat: argument 'inps': expected at least one tensor")
      .invalid({f32({2, 3}), f32({2, 4})}, {}, ErrorKind::kValue,
               "argument 'inps[1]': expected size 3 in dimension 1")
      .invalid({f32({2, 3}), f32({3})}, {}, ErrorKind::kValue,
               "argument 'inps[1]': expected rank 2, got rank 1")
      .invalid({f32({2}), f64({2})}, {}, ErrorKind::kType, "argument 'inps[1]': expected dtype float32")
      .invalid({f32({2}), f32({2})}, axis(1), ErrorKind::kValue,
               "argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({}), f32({})}, {}, ErrorKind::kValue, "argument 'inps[0]': expected rank at least 1");
}

}  // namespace miai::ops
