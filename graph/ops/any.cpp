// any and all: whether some element, or every one, is true.
#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {
namespace {

/// How many elements of a mask are true along the axes.
Var count(const Var& mask, const Attrs& attrs) {
  const auto& a = attrs.as<ReduceAttrs>();
  return sum(mask, a.axis, a.keepdims);
}

}  // namespace

void define_any(OpTable& table) {
  OpDef any = reduction_op("any",
                           R"(Whether some element is true (not 0) along axes; all of them if axis is None.

Any dtype; gives bool. False for no elements; NaN counts as true.

>>> import miai as mi, miai.functional as F
>>> F.any(mi.tensor([[0, 0], [0, 3]]), axis=1).tolist()
[False, True]
)",
                           ReduceResult::kBool);
  any.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    Var found = count(cast(inputs[0], DType::kBool), attrs);
    return {greater(found, scalar_like(found, 0))};
  };
  table.add(std::move(any));

  OpDef all = reduction_op("all",
                           R"(Whether every element is true (not 0) along axes; all of them if axis is None.

Any dtype; gives bool. True for no elements; NaN counts as true.

>>> import miai as mi, miai.functional as F
>>> F.all(mi.tensor([[1, 0], [2, 3]]), axis=1).tolist()
[False, True]
)",
                           ReduceResult::kBool);
  all.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    Var missing = count(equal(inputs[0], scalar_like(inputs[0], 0)), attrs);
    return {equal(missing, scalar_like(missing, 0))};
  };
  table.add(std::move(all));
}

void define_any_samples(SampleTable& samples) {
  for (const char* op : {"any", "all"}) {
    SampleList& list = reduction_samples(samples, op, true, false);
    list.check_grad = false;  // gives bools
    list.valid({i64({3, 4}, 0, 2)}, {{"axis", int64_t{0}}})
        .valid({typed(DType::kUInt8, {5}).of({0, 0, 0, 0, 0})})
        .valid({b8({3, 4})}, {{"axis", int64_t{1}}})
        .valid({f32({3}).of({1, 2, 3})});
  }
}

}  // namespace miai::ops
