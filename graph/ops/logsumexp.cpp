#include <cmath>

#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {
namespace {

/// The greatest element is subtracted first, unless it is infinite; as a constant, since the result does not
/// depend on what is subtracted.
Vars lower_logsumexp(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<ReduceAttrs>();
  const Var& x = inputs[0];
  Var greatest = max(x, a.axis, true);
  Var is_finite = less(emit1(find_op("abs"), {}, {greatest}), scalar_like(greatest, HUGE_VAL));
  Var shift = where(is_finite, greatest, scalar_like(greatest, 0));
  Var result = log(sum(exp(x - shift), a.axis, true)) + shift;
  return {a.keepdims ? result : emit1(find_op("sum"), make_attrs(a), {result})};  // of one element each
}

}  // namespace

void define_logsumexp(OpTable& table) {
  OpDef op = reduction_op("logsumexp",
                          R"(log(sum(exp(inp))) along axes, without overflow.

`axis`: an int, a list, or None for all. `inp`: floating dtype. Raises ValueError for no elements.

>>> import miai as mi, miai.functional as F
>>> round(F.logsumexp(mi.tensor([0.0, 0.0]), 0).item(), 4)
0.6931
)",
                          ReduceResult::kSame);
  op.infer = [infer = op.infer](InferContext& c) {
    c.check_float(0);
    infer(c);
  };
  op.lower = lower_logsumexp;
  table.add(std::move(op));
}

void define_logsumexp_samples(SampleTable& samples) {
  auto axes = [](Ints axis, bool keepdims = false) {
    return AttrList{{"axis", axis}, {"keepdims", keepdims}};
  };
  samples.of("logsumexp")
      .valid({f32({2, 3}).all_distinct()})
      .valid({f32({2, 3, 4}).all_distinct()}, axes({1}))
      .valid({f32({2, 3, 4}).all_distinct()}, axes({0, -1}, true))
      .valid({f32({})})
      .valid({f32({1, 1})}, axes({1}))
      .valid({f32({0, 3})}, axes({1}))
      .valid({f32({4, 6}).range(-90, 90).all_distinct()}, axes({1}))
      .valid({f32({7, 5}).transposed().all_distinct()}, axes({1}))
      .valid({f32({3, 5, 7}).sliced().all_distinct()}, axes({0}))
      .valid({f32({2, 701}).all_distinct()}, axes({1}))
      .valid({f64({3, 5}).all_distinct()}, axes({1}))
      .valid({f16({3, 5})}, axes({1}))
      .valid({bf16({3, 5})}, axes({0}))
      .invalid({f32({0, 3})}, axes({0}), ErrorKind::kValue,
               "logsumexp: argument 'inp': expected at least one element along axis 0")
      .invalid({i64({2, 3})}, {}, ErrorKind::kType,
               "logsumexp: argument 'inp': expected a floating dtype, got int64")
      .invalid({f32({2, 3})}, axes({2}), ErrorKind::kValue,
               "logsumexp: argument 'axis': expected an axis in [-2, 2)")
      .invalid({f32({2, 3})}, axes({1, 1}), ErrorKind::kValue, "logsumexp: argument 'axis'")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "logsumexp: argument 'inp': missing")
      .invalid({f32({2, 3})}, {{"dim", int64_t{0}}}, ErrorKind::kType, "'dim'");
}

}  // namespace miai::ops
