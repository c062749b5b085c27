#include <cmath>

#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"
#include "graph/ops/root.h"

namespace miai::ops {
namespace {

struct NormAttrs {
  double ord = 2;
  std::optional<Ints> axis;
  bool keepdims = false;
  static auto fields() {
    return std::tuple{field("ord", &NormAttrs::ord, "the order p; inf and -inf are max and min of |inp|"),
                      field("axis", &NormAttrs::axis, "axis or axes to reduce; None for all"),
                      field("keepdims", &NormAttrs::keepdims, "keep the reduced axes with size 1")};
  }
};

ReduceAttrs reduction_of(const NormAttrs& a) { return {a.axis, a.keepdims}; }

void infer_norm(InferContext& c) {
  const auto& a = c.attrs<NormAttrs>();
  c.check_float(0);
  if (std::isnan(a.ord)) c.fail(ErrorKind::kValue, "ord", "expected a number, got nan");
  infer_reduction(c, reduction_of(a), std::isinf(a.ord) ? ReduceResult::kSame : ReduceResult::kMean);
}

Vars lower_norm(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<NormAttrs>();
  const Var& x = inputs[0];
  auto reduce = [&](const char* op, const Var& v) {
    return emit1(find_op(op), make_attrs(reduction_of(a)), {v});
  };
  if (a.ord == 2) return {root(reduce("sum", square(x)))};
  Var size = emit1(find_op("abs"), {}, {x});
  if (std::isinf(a.ord)) return {reduce(a.ord > 0 ? "max" : "min", size)};
  if (a.ord == 0) return {reduce("sum", cast(greater(size, scalar_like(x, 0)), x.dtype()))};
  if (a.ord == 1) return {reduce("sum", size)};
  Var total = reduce("sum", pow(size, scalar_like(x, a.ord)));
  return {pow(total, scalar_like(total, 1 / a.ord))};
}

}  // namespace

void define_norm(OpTable& table) {
  OpDef op;
  op.name = "norm";
  op.doc = R"(The p-norm along axes: sum(|inp| ** ord) ** (1 / ord).

`ord` 0 counts the elements that are not 0; inf and -inf give the greatest and the least |inp| (ValueError
for no elements). `axis`: an int, a list, or None for all. `inp`: floating dtype.

>>> import miai as mi, miai.functional as F
>>> F.norm(mi.tensor([3.0, 4.0])).item()
5.0
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<NormAttrs>();
  op.infer = infer_norm;
  op.lower = lower_norm;
  table.add(std::move(op));
}

void define_norm_samples(SampleTable& samples) {
  auto attrs = [](double ord, Ints axis, bool keepdims = false) {
    return AttrList{{"ord", ord}, {"axis", axis}, {"keepdims", keepdims}};
  };
  auto t = [](SampleTensor tensor) { return tensor.range(0.5, 2).all_distinct(); };
  samples.of("norm")
      .valid({t(f32({2, 3}))})
      .valid({t(f32({2, 3}))}, attrs(2, {1}))
      .valid({t(f32({2, 3}))}, attrs(1, {0}, true))
      .valid({t(f32({2, 3, 4}))}, attrs(3, {0, 2}))
      .valid({t(f32({2, 3, 4}))}, attrs(0.5, {-1}))
      .valid({t(f32({2, 3}))}, attrs(HUGE_VAL, {1}))
      .valid({t(f32({2, 3}))}, attrs(-HUGE_VAL, {1}))
      .valid({t(f32({}))})
      .valid({t(f32({1, 1}))}, attrs(2, {0}))
      .valid({f32({0, 3})}, attrs(2, {0}))
      .valid({t(f32({7, 5}).transposed())}, attrs(2, {0}))
      .valid({t(f32({5, 6, 7}).sliced())}, attrs(2, {1, 2}))
      .valid({t(f64({5, 7}))}, attrs(2, {1}))
      .valid({t(f16({3, 5}))}, attrs(2, {0}))
      .valid({t(bf16({3, 5}))}, attrs(2, {1}))
      .invalid({f32({2, 3})}, attrs(2, {2}), ErrorKind::kValue,
               "norm: argument 'axis': expected an axis in [-2, 2)")
      .invalid({i64({2, 3})}, {}, ErrorKind::kType,
               "norm: argument 'inp': expected a floating dtype, got int64")
      .invalid({f32({2, 3})}, {{"ord", std::string("fro")}}, ErrorKind::kType,
               "norm: argument 'ord': expected a float, got 'fro'")
      .invalid({f32({0, 3})}, attrs(HUGE_VAL, {0}), ErrorKind::kValue,
               "norm: argument 'inp': expected at least one element")
      .invalid({f32({2, 3})}, attrs(NAN, {0}), ErrorKind::kValue,
               "norm: argument 'ord': expected a number, got nan")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "norm: argument 'inp': missing");
}

}  // namespace miai::ops
