#include "graph/ops/broadcast_checks.h"
#include "graph/ops/builders.h"
#include "graph/ops/slice_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/shape.h"

namespace miai::ops {
namespace {

void infer_set_slice(InferContext& c) {
  Dims slice = check_slice(c, c.input(0).shape);
  c.check_same_dtype(0, 1);
  check_broadcasts_to(c, 1, slice);
  c.output_like(0, c.input(0).shape);
}

}  // namespace

void define_set_slice(OpTable& table) {
  OpDef op;
  op.name = "set_slice";
  op.doc = R"(A copy of `inp` in which a slice holds `value`. This is what `x[1:3] = value` calls.

`value` broadcasts to the slice and has the dtype of `inp`. `start`, `size`, `stride`: as in slice. Raises
IndexError where elements lie outside the axis, ValueError if `value` does not broadcast.

>>> import miai.functional as F, miai as mi
>>> F.set_slice(mi.tensor([1, 2, 3]), mi.tensor(0), start=(1,), size=(2,), stride=(1,)).tolist()
[1, 0, 0]
)";
  op.inputs = {{"inp"}, {"value"}};
  op.attrs = &attrs_type<SliceAttrs>();
  op.infer = infer_set_slice;
  op.may_overwrite = {0};
  table.add(std::move(op));
}

void define_set_slice_grad(GradTable& grads) {
  grads.add("set_slice", {[](GradContext& c) -> Vars {
              const SliceAttrs& a = c.attrs_as<SliceAttrs>();
              Var dx, dvalue;
              if (c.needs(0)) {
                Var zero = full({}, 0, c.input_type(0).dtype, c.input_type(0).device);
                dx = set_slice(c.grad(), zero, a.start, a.size, a.stride);
              }
              if (c.needs(1))
                dvalue = sum_to(slice(c.grad(), a.start, a.size, a.stride), c.input_type(1).shape);
              return {dx, dvalue};
            }});
}

void define_set_slice_samples(SampleTable& samples) {
  auto attrs = [](Ints start, Ints size, Ints stride) {
    return AttrList{{"start", start}, {"size", size}, {"stride", stride}};
  };
  samples.of("set_slice")
      .valid({f32({5}), f32({3})}, attrs({1}, {3}, {1}))
      .valid({f32({5}), f32({})}, attrs({4}, {5}, {-1}))
      .valid({f32({5}), f32({1})}, attrs({4}, {3}, {-2}))
      .valid({f32({5}), f32({0})}, attrs({0}, {0}, {1}))
      .valid({f32({0}), f32({})}, attrs({0}, {0}, {1}))
      .valid({f32({}), f32({})}, attrs({}, {}, {}))
      .valid({f32({4, 6}), f32({2, 3})}, attrs({1, 5}, {2, 3}, {2, -2}))
      .valid({f32({4, 6}), f32({3})}, attrs({1, 0}, {2, 3}, {1, 2}))
      .valid({f32({4, 6}), f32({2, 1})}, attrs({1, 0}, {2, 3}, {1, 2}))
      .valid({f32({4, 6}).transposed(), f32({3, 3}).transposed()}, attrs({0, 2}, {3, 3}, {1, 1}))
      .valid({f32({4, 6}).sliced(), f32({4, 3}).sliced()}, attrs({3, 0}, {4, 3}, {-1, 2}))
      .valid({f32({4, 6}).broadcast(), f32({2, 4})}, attrs({1, 1}, {2, 4}, {1, 1}))
      .valid({f64({5}), f64({3})}, attrs({1}, {3}, {1}))
      .valid({f16({5}), f16({2})}, attrs({1}, {2}, {2}))
      .valid({bf16({5}), bf16({2})}, attrs({1}, {2}, {2}))
      .valid({i64({5}), i64({2})}, attrs({1}, {2}, {2}))
      .valid({b8({5}), b8({2})}, attrs({1}, {2}, {2}))
      .invalid({f32({5}), f32({2})}, attrs({1}, {3}, {1}), ErrorKind::kValue,
               "argument 'value': expected a shape that broadcasts to [3], got [2]")
      .invalid({f32({5}), f32({1, 3})}, attrs({1}, {3}, {1}), ErrorKind::kValue, "argument 'value'")
      .invalid({f32({5}), f64({3})}, attrs({1}, {3}, {1}), ErrorKind::kType,
               "argument 'value': expected dtype float32")
      .invalid({f32({5}), f32({})}, attrs({5}, {1}, {1}), ErrorKind::kIndex, "argument 'start'")
      .invalid({f32({5}), f32({})}, attrs({1}, {5}, {1}), ErrorKind::kIndex, "argument 'size'")
      .invalid({f32({5}), f32({})}, attrs({1}, {1}, {0}), ErrorKind::kValue, "expected strides other than 0");
}

}  // namespace miai::ops
