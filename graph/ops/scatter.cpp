#include "graph/ops/builders.h"
#include "graph/ops/gather_checks.h"
#include "graph/ops/index_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"

namespace miai::ops {
namespace {

void infer_scatter(InferContext& c) {
  check_gather_index(c);
  c.check_same_dtype(0, 2);
  c.check_rank(2, c.input(1).rank());
  for (int i = 0; i < c.input(1).rank(); ++i) c.check_dim(2, i, c.input(1).shape[i], "as 'index' has");
  c.output_like(0, c.input(0).shape);
}

Vars scatter_grad(GradContext& c) {
  Vars grads(3);
  const TensorType& in = c.input_type(0);
  auto write = [&](const Var& base, const Var& source) {
    return emit1(c.op, c.attrs, {base, c.input(1), source});
  };
  auto read = [&](const Var& base) { return emit1(find_op("gather"), c.attrs, {base, c.input(1)}); };
  const Dims& shape = c.input_type(1).shape;
  if (c.needs(0)) grads[0] = write(c.grad(), full(shape, 0, in.dtype, in.device));
  if (!c.needs(2)) return grads;
  // A position named twice holds its last value: only that one gets the gradient.
  Var number = iota(shape, in.device), taken = read(c.grad());
  Var last = read(write(full(in.shape, 0, DType::kInt64, in.device), number));
  grads[2] = where(equal(last, number), taken, zeros_like(taken));
  return grads;
}

}  // namespace

void define_scatter(OpTable& table) {
  OpDef op;
  op.name = "scatter";
  op.doc =
      R"(`inp` with elements of `source` written along an axis: with axis 1, out[i, index[i, j]] = source[i, j].

`index`: integers of the rank of `inp`, nowhere larger but along the axis; the last of equal ones stays.
`source`: of the shape of `index` and the dtype of `inp`. Raises IndexError for a value out of bounds.

>>> import miai.functional as F, miai as mi
>>> x, index, source = F.full((2, 2), 0.0), mi.tensor([[1], [0]]), mi.tensor([[5.0], [6.0]])
>>> F.scatter(x, axis=1, index=index, source=source).tolist()
[[0.0, 5.0], [6.0, 0.0]]
)";
  op.inputs = {{"inp"}, {"index"}, {"source"}};
  op.attrs = &attrs_type<AxisAttrs>();
  op.infer = infer_scatter;
  op.may_overwrite = {0};
  op.checks_values = true;
  table.add(std::move(op));
}

void define_scatter_grad(GradTable& grads) { grads.add("scatter", {scatter_grad, {1}}); }

void define_scatter_samples(SampleTable& samples) {
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  samples.of("scatter")
      .valid({f32({5}), i64({3}).of({4, 0, -3}), f32({3})}, axis(0))
      .valid({f32({5}), i64({5}).of({4, 0, 0, 4, 1}), f32({5})}, axis(0))
      .valid({f32({3, 4}), i64({3, 2}, 0, 4), f32({3, 2})}, axis(1))
      .valid({f32({3, 4}), i64({5, 4}, 0, 3), f32({5, 4})}, axis(0))
      .valid({f32({3, 4, 2}), i64({3, 1, 2}, 0, 4), f32({3, 1, 2})}, axis(-2))
      .valid({f32({3, 4}), i64({3, 0}, 0, 4), f32({3, 0})}, axis(1))
      .valid({f32({0, 4}), i64({0, 2}, 0, 4), f32({0, 2})}, axis(1))
      .valid({f32({4, 6}).transposed(), i32({4, 3}, 0, 6).transposed(), f32({4, 3})}, axis(1))
      .valid({f32({4, 6}).sliced(), i32({4, 3}, 0, 6).sliced(), f32({4, 3}).sliced()}, axis(1))
      .valid({f32({4, 6}).broadcast(), i64({4, 3}, 0, 6), f32({4, 3}).broadcast()}, axis(1))
      .valid({f64({5}), i64({3}, 0, 5), f64({3})}, axis(0))
      .valid({bf16({5}), i64({3}, 0, 5), bf16({3})}, axis(0))
      .valid({i32({5}), i32({3}, 0, 5), i32({3})}, axis(0))
      .valid({b8({5}), i64({3}, 0, 5), b8({3})}, axis(0))
      .invalid({f32({3, 4}), i64({1, 1}).of({4}), f32({1, 1})}, axis(1), ErrorKind::kIndex,
               "scatter: argument 'index': expected indices in [-4, 4) of axis 1, got 4")
      .invalid({f32({5}), i64({3}, 0, 5), f32({2})}, axis(0), ErrorKind::kValue,
               "argument 'source': expected size 3")
      .invalid({f32({5}), i64({3}, 0, 5), f64({3})}, axis(0), ErrorKind::kType,
               "argument 'source': expected dtype")
      .invalid({f32({5}), f32({3}), f32({3})}, axis(0), ErrorKind::kType, "argument 'index'")
      .invalid({f32({3, 4}), i64({3}, 0, 3), f32({3})}, axis(1), ErrorKind::kValue,
               "argument 'index': expected rank 2");
}

}  // namespace miai::ops
