#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/axes.h"
#include "kernels/common/attrs/reduce.h"

namespace miai::ops {
namespace {

void infer_cumsum(InferContext& c) {
  c.check_min_rank(0, 1);
  c.axis(c.attrs<AxisAttrs>().axis, c.input(0).rank());
  if (c.input(0).dtype == DType::kBool)
    c.fail(ErrorKind::kType, "inp", "expected a numeric dtype, got bool; use astype('int64')");
  c.output_like(0, c.input(0).shape);
}

/// The same sums from the other end.
Vars cumsum_grad(GradContext& c) {
  Attrs axis = make_attrs(OptionalAxesAttrs{Ints{c.attrs_as<AxisAttrs>().axis}});
  auto flip = [&](const Var& x) { return emit1(find_op("flip"), axis, {x}); };
  return {flip(emit1(c.op, c.attrs, {flip(c.grad())}))};
}

}  // namespace

void define_cumsum(OpTable& table) {
  OpDef op;
  op.name = "cumsum";
  op.doc = R"(Running sums of `inp` along an axis, in its dtype.

>>> import miai.functional as F, miai as mi
>>> F.cumsum(mi.tensor([1, 2, 3]), 0).tolist()
[1, 3, 6]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<AxisAttrs>();
  op.infer = infer_cumsum;
  op.may_overwrite = {0};
  table.add(std::move(op));
}

void define_cumsum_grad(GradTable& grads) { grads.add("cumsum", {cumsum_grad}); }

void define_cumsum_samples(SampleTable& samples) {
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  samples.of("cumsum")
      .valid({f32({5})}, axis(0))
      .valid({f32({2, 3})}, axis(0))
      .valid({f32({2, 3})}, axis(-1))
      .valid({f32({2, 3, 4})}, axis(1))
      .valid({f32({0, 3})}, axis(0))
      .valid({f32({0, 3})}, axis(1))
      .valid({f32({1})}, axis(0))
      .valid({f32({4, 3}).transposed()}, axis(0))
      .valid({f32({4, 3}).sliced()}, axis(1))
      .valid({f32({4, 3}).broadcast()}, axis(0))
      .valid({f64({4, 3})}, axis(0))
      .valid({f16({4, 3})}, axis(0))
      .valid({bf16({4, 3})}, axis(0))
      .valid({i64({4, 3})}, axis(0))
      .invalid({f32({5})}, axis(1), ErrorKind::kValue, "cumsum: argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({5})}, axis(-2), ErrorKind::kValue, "argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({})}, axis(0), ErrorKind::kValue, "argument 'inp': expected rank at least 1")
      .invalid({b8({3})}, axis(0), ErrorKind::kType, "argument 'inp': expected a numeric dtype, got bool")
      .invalid({std::nullopt}, axis(0), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
