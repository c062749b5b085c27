#include "kernels/common/attrs/clip.h"
#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"

namespace miai::ops {

void define_clip(OpTable& table) {
  OpDef op;
  op.name = "clip";
  op.doc =
      R"(Elements below `lower` become lower, those above `upper` upper; None is no bound. NaN stays NaN. Any numeric dtype.

>>> import miai as mi, miai.functional as F
>>> F.clip(mi.tensor([-2.0, 0.5, 2.0]), 0, 1).tolist()
[0.0, 0.5, 1.0]
)";
  op.inputs = {{"x"}};
  op.attrs = &attrs_type<ClipAttrs>();
  op.infer = [infer = infer_numbers()](InferContext& c) {
    infer(c);
    const auto& a = c.attrs<ClipAttrs>();
    if (a.lower && a.upper && *a.lower > *a.upper)
      c.fail(ErrorKind::kValue, "upper", "expected at least lower (", *a.lower, "), got ", *a.upper);
  };
  op.expression = [](pointwise::Builder& b, const Attrs& attrs) {
    const auto& a = attrs.as<ClipAttrs>();
    pointwise::Expr x = b.input(0);
    if (a.lower) x = pointwise::max(x, *a.lower);
    if (a.upper) x = pointwise::min(x, *a.upper);
    return x;
  };
  op.may_overwrite = {0};
  table.add(std::move(op));
}

void define_clip_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars {
    const auto& a = c.attrs_as<ClipAttrs>();
    const Var& x = c.input(0);
    Var dx = c.grad(), zero = scalar_like(dx, 0);
    if (a.lower) dx = where(greater_equal(x, scalar_like(x, *a.lower)), dx, zero);
    if (a.upper) dx = where(less_equal(x, scalar_like(x, *a.upper)), dx, zero);
    return {dx};
  };
  grad.saves_inputs = {0};
  grads.add("clip", std::move(grad));
}

void define_clip_samples(SampleTable& samples) {
  const AttrList both{{"lower", -0.5}, {"upper", 0.5}};
  SampleList& list = samples.of("clip");
  list.valid({f32({2, 3})}, both)
      .valid({f32({})}, both)
      .valid({f32({0, 3})}, both)
      .valid({f32({7, 5}).transposed()}, {{"lower", 0.0}})
      .valid({f32({3, 4, 5}).sliced()}, {{"upper", 0.25}})
      .valid({f32({1303})}, both)
      .valid({f32({4})}, {})
      .valid({f64({9})}, both)
      .valid({f16({9})}, both)
      .valid({bf16({9})}, both)
      .valid({i64({9})}, {{"lower", int64_t{2}}, {"upper", int64_t{5}}})
      .invalid({f32({2})}, {{"lower", 1.0}, {"upper", 0.0}}, ErrorKind::kValue,
               "clip: argument 'upper': expected at least lower (1), got 0")
      .invalid({b8({2})}, both, ErrorKind::kType, "clip: argument 'x': expected numbers, got bool")
      .invalid({f32({2})}, {{"lower", std::string("a")}}, ErrorKind::kType,
               "clip: argument 'lower': expected a float or None, got 'a'")
      .invalid({std::nullopt}, both, ErrorKind::kType, "clip: argument 'x': missing")
      .invalid({f32({2})}, {{"low", 0.0}}, ErrorKind::kType, "'low'");
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
