#include "graph/ops/broadcast_checks.h"
#include "graph/ops/builders.h"
#include "graph/ops/index_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/index.h"

namespace miai::ops {
namespace {

void infer_index_add(InferContext& c) {
  Dims slots = check_indices(c, 2);
  c.check_same_dtype(0, 1);
  check_broadcasts_to(c, 1, slots);
  c.output_like(0, c.input(0).shape);
}

Vars index_add_grad(GradContext& c) {
  Vars grads(c.input_count());
  grads[0] = c.grad();
  if (!c.needs(1)) return grads;
  Vars inputs{c.grad()};
  for (int i = 2; i < c.input_count(); ++i) inputs.push_back(c.input(i));
  grads[1] = sum_to(emit(find_op("index"), c.attrs, inputs)[0], c.input_type(1).shape);
  return grads;
}

}  // namespace

void define_index_add(OpTable& table) {
  OpDef op;
  op.name = "index_add";
  op.doc =
      R"(`inp` with `value` added at integer positions; what lies at a position named twice is added twice.

`value` broadcasts to what index(inp, *indices, axes) gives and has the dtype of `inp`. Raises IndexError for
a value out of bounds.

>>> import miai.functional as F, miai as mi
>>> F.index_add(mi.tensor([0, 0]), mi.tensor([1, 2, 3]), [mi.tensor([0, 1, 0])], axes=(0,)).tolist()
[4, 2]
)";
  op.inputs = {{"inp"}, {"value"}, {"indices", Presence::kVariadic}};
  op.attrs = &attrs_type<IndexAttrs>();
  op.infer = infer_index_add;
  op.may_overwrite = {0};
  op.checks_values = true;
  table.add(std::move(op));
}

void define_index_add_grad(GradTable& grads) { grads.add("index_add", {index_add_grad, {GradDef::kAll}}); }

void define_index_add_samples(SampleTable& samples) {
  auto axes = [](Ints a) { return AttrList{{"axes", a}}; };
  samples.of("index_add")
      .valid({f32({5}), f32({3}), i64({3}, -5, 5)}, axes({0}))
      .valid({f32({5}), f32({6}), i64({6}).of({0, 0, 1, 0, 4, 4})}, axes({0}))
      .valid({f32({5, 3}), f32({4, 3}), i64({4}, 0, 5)}, axes({0}))
      .valid({f32({5, 3}), f32({5, 2, 2}), i64({2, 2}, 0, 3)}, axes({1}))
      .valid({f32({4, 5, 3}), f32({2, 3, 3}), i64({2, 1}, 0, 4), i64({3}, 0, 5)}, axes({0, 1}))
      .valid({f32({4, 5, 3}), f32({2, 5}), i64({2}, 0, 4), i64({2}, 0, 3)}, axes({0, 2}))
      .valid({f32({4, 5}), f32({}), i64({6}, 0, 4), i64({6}, 0, 5)}, axes({0, 1}))
      .valid({f32({4, 5}), f32({5}), i64({3}, 0, 4)}, axes({0}))
      .valid({f32({4, 5}), f32({0, 5}), i64({0}, 0, 4)}, axes({0}))
      .valid({f32({4, 6}).transposed(), f32({3, 6}).transposed(), i32({3}, 0, 4)}, axes({0}))
      .valid({f32({4, 6}).sliced(), f32({4, 3, 2}).sliced(), i32({3, 2}, 0, 6).transposed()}, axes({1}))
      .valid({f64({5}), f64({3}), i64({3}, 0, 5)}, axes({0}))
      .valid({i64({5}), i64({3}), i64({3}, 0, 5)}, axes({0}))
      .invalid({f32({5}), f32({1}), i64({1}).of({5})}, axes({0}), ErrorKind::kIndex,
               "index_add: argument 'indices[0]': expected indices in [-5, 5) of axis 0, got 5")
      .invalid({f32({5}), f32({2}), i64({3}, 0, 5)}, axes({0}), ErrorKind::kValue,
               "argument 'value': expected a shape that broadcasts to [3], got [2]")
      .invalid({f32({5}), f64({3}), i64({3}, 0, 5)}, axes({0}), ErrorKind::kType,
               "argument 'value': expected dtype")
      .invalid({f32({5}), f32({2}), f32({2})}, axes({0}), ErrorKind::kType, "argument 'indices[0]'")
      .invalid({f32({5}), f32({2}), i64({2}, 0, 5)}, axes({1}), ErrorKind::kValue,
               "expected rising axes in [0, 1)");
}

}  // namespace miai::ops
