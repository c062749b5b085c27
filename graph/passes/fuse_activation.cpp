#include "graph/ops/tables.h"
#include "graph/passes/pass.h"
#include "graph/passes/pattern.h"
#include "kernels/common/attrs/activation.h"
#include "kernels/common/attrs/conv2d.h"
#include "runtime/backend.h"

namespace miai {
namespace {

struct FusedOp {
  std::string plain, fused;
  Attrs (*attrs)(const Attrs& plain, const std::string& activation);
};

Attrs conv2d_act_attrs(const Attrs& plain, const std::string& activation) {
  const auto& a = plain.as<Conv2dAttrs>();
  return make_attrs(Conv2dActAttrs{a.stride, a.padding, a.dilation, a.groups, activation});
}
Attrs linear_act_attrs(const Attrs&, const std::string& activation) {
  return make_attrs(ActivationAttrs{activation});
}

void add_rules(const FusedOp& op, const std::string& activation, std::vector<Rule>& rules) {
  Pattern map = node(op.plain, {any("x"), any("w"), any("b")}).called("map").read_once();
  auto may_fuse = [fused = op.fused](const Match& m) {
    const TensorType& type = m.root().outputs[0]->type;
    return type == m.node("map").outputs[0]->type && has_kernel(fused, type.device);
  };
  auto build = [op, activation](const Match& m, const Var& z) -> Vars {
    Attrs attrs = op.attrs(m.node("map").attrs, activation);
    return {emit1(find_op(op.fused), attrs, {m.var("x"), m.var("w"), m.var("b"), z})};
  };
  rules.push_back({op.plain + " and " + activation, node(activation, {map}), may_fuse,
                   [build](const Match& m) { return build(m, Var()); }});
  Pattern sum = node("add", {map, any("z")}).either_order().read_once();
  auto may_add = [may_fuse](const Match& m) {
    return may_fuse(m) && m.value("z")->type == m.root().outputs[0]->type;
  };
  rules.push_back({op.plain + ", sum and " + activation, node(activation, {sum}), may_add,
                   [build](const Match& m) { return build(m, m.var("z")); }});
}

std::vector<Rule> make_rules() {
  std::vector<Rule> rules;
  const FusedOp ops[] = {{"conv2d", "conv2d_bias_act", conv2d_act_attrs},
                         {"linear", "linear_bias_act", linear_act_attrs}};
  for (const FusedOp& op : ops)
    for (std::string_view activation : kFusedActivations)
      if (activation != "identity") add_rules(op, std::string(activation), rules);
  return rules;
}

}  // namespace

FunctionPtr fuse_activation(const Function& function, const PassOptions&) {
  static const std::vector<Rule> rules = make_rules();
  return rewrite(function, rules);
}

}  // namespace miai
