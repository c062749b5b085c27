#include "graph/ops/builders.h"
#include "graph/passes/pass.h"
#include "graph/passes/pattern.h"
#include "kernels/common/attrs/batch_norm.h"

namespace miai {
namespace {

/// Fixed statistics, and weights that are known before the step: then so are the folded ones.
bool may_fold(const Match& m) {
  const Node& norm = m.root();
  if (norm.attrs.as<BatchNormAttrs>().training) return false;
  for (size_t i = 1; i < norm.outputs.size(); ++i)
    if (m.reads(norm.outputs[i])) return false;
  auto is_known = [&](const char* name) {
    const Value* value = m.value(name);
    return !value || m.is_fixed(value);
  };
  return is_known("w") && is_known("b") && is_known("mean") && is_known("var") && is_known("scale") &&
         is_known("shift");
}

/// w * s and (b - mean) * s + shift, with s = scale / sqrt(var + eps), in the dtype of the statistics.
Vars fold(const Match& m) {
  const Node& map = m.node("map");
  Var factor = 1.0 / sqrt(m.var("var") + m.root().attrs.as<BatchNormAttrs>().eps);
  if (Var scale = m.var("scale")) factor = scale * factor;
  Var weight = m.var("w"), bias = m.var("b"), mean = m.var("mean"), shift = m.var("shift");
  Dims per_output(weight.shape().size(), Dim(1));
  per_output[0] = weight.shape()[0];
  Var new_weight = cast(weight, mean.dtype()) * reshape(factor, per_output);
  Var new_bias = (bias ? cast(bias, mean.dtype()) - mean : -mean) * factor;
  if (shift) new_bias = new_bias + shift;
  return {emit1(*map.op, map.attrs,
                {m.var("x"), cast(new_weight, weight.dtype()), cast(new_bias, weight.dtype())})};
}

Rule fold_into(const std::string& op) {
  Pattern map = node(op, {any("x"), any("w"), any("b")}).called("map").read_once();
  return {"batch_norm into " + op,
          node("batch_norm", {map, any("mean"), any("var"), any("scale"), any("shift")}), may_fold, fold};
}

}  // namespace

FunctionPtr fold_batch_norm(const Function& function, const PassOptions&) {
  static const std::vector<Rule> rules{fold_into("conv2d"), fold_into("linear")};
  return rewrite(function, rules);
}

}  // namespace miai
