// var and std: the (population) variance and its root.
#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"
#include "graph/ops/root.h"

namespace miai::ops {
namespace {

Var variance(const Var& inp, const ReduceAttrs& a) {
  Var x = is_float(inp.dtype()) ? inp : cast(inp, DType::kFloat32);
  static const OpDef& mean = find_op("mean");
  Var centred = x - emit1(mean, make_attrs(ReduceAttrs{a.axis, true}), {x});
  return emit1(mean, make_attrs(a), {square(centred)});
}

}  // namespace

void define_var(OpTable& table) {
  OpDef var =
      reduction_op("var",
                   R"(The mean of the squared distances to the mean, along axes (divided by n, not n - 1).

`axis`: an int, a list, or None for all. Integers and bools give float32. NaN for no elements.

>>> import miai as mi, miai.functional as F
>>> F.var(mi.tensor([1.0, 3.0]), 0).item()
1.0
)",
                   ReduceResult::kMean);
  var.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    return {variance(inputs[0], attrs.as<ReduceAttrs>())};
  };
  table.add(std::move(var));

  OpDef std = reduction_op("std",
                           R"(The square root of the variance (divided by n, not n - 1), along axes.

`axis`: an int, a list, or None for all. Integers and bools give float32. NaN for no elements.

>>> import miai as mi, miai.functional as F
>>> F.std(mi.tensor([1.0, 3.0]), 0).item()
1.0
)",
                           ReduceResult::kMean);
  std.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    return {root(variance(inputs[0], attrs.as<ReduceAttrs>()))};
  };
  table.add(std::move(std));
}

void define_var_samples(SampleTable& samples) {
  for (const char* op : {"var", "std"}) reduction_samples(samples, op, true, true).tolerance = 1e-4;
}

}  // namespace miai::ops
