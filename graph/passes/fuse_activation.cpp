#include "graph/ops/tables.h"
#include "graph/passes/pass.h"
#include "graph/passes/pattern.h"
#include "kernels/common/attrs/activation.h"
#include "kernels/common/attrs/conv2d.h"
#include "runtime/backend.h"

namespace miai {
namespace {

template <class T>
Attrs activated(const Attrs& fused, const std::string& activation) {
  T attrs = fused.as<T>();
  attrs.activation = activation;
  return make_attrs(std::move(attrs));
}

struct FusedOp {
  std::string plain, fused;
  Attrs (*attrs)(const Attrs& plain, const std::string& activation);
  Attrs (*activated)(const Attrs& fused, const std::string& activation);
};

Attrs conv2d_act_attrs(const Attrs& plain, const std::string& activation) {
  const auto& a = plain.as<Conv2dAttrs>();
  return make_attrs(Conv2dActAttrs{a.stride, a.padding, a.dilation, a.groups, activation});
}
Attrs linear_act_attrs(const Attrs&, const std::string& activation) {
  return make_attrs(ActivationAttrs{activation});
}

const FusedOp kFusedOps[] = {{"conv2d", "conv2d_bias_act", conv2d_act_attrs, activated<Conv2dActAttrs>},
                             {"linear", "linear_bias_act", linear_act_attrs, activated<ActivationAttrs>}};

Pattern map_of(const std::string& op, std::vector<Pattern> more = {}) {
  std::vector<Pattern> inputs = {any("x"), any("w"), any("b")};
  inputs.insert(inputs.end(), more.begin(), more.end());
  return node(op, std::move(inputs)).called("map").read_once();
}

/// map(x) -> fused(x), with `activation` on top of it, or with a sum (z) if that is what the rule's root is.
Rule rule_of(const FusedOp& op, const Pattern& root, const std::string& activation, bool has_sum) {
  auto when = [fused = op.fused, has_sum](const Match& m) {
    const TensorType& type = m.root().outputs[0]->type;
    return type == m.node("map").outputs[0]->type && has_kernel(fused, type.device) &&
           (!has_sum || (m.value("z") && m.value("z")->type == type));
  };
  auto build = [op, activation, has_sum](const Match& m) -> Vars {
    Var z = has_sum ? m.var("z") : Var();
    Attrs attrs = op.attrs(m.node("map").attrs, activation);
    return {emit1(find_op(op.fused), attrs, {m.var("x"), m.var("w"), m.var("b"), z})};
  };
  return {op.plain + " in " + root.op, root, when, build};
}

/// A fused operator whose sum has no activation yet takes the one after it.
Rule activation_after_sum(const FusedOp& op, const std::string& activation) {
  auto when = [](const Match& m) {
    return m.node("map").attrs.get("activation") == AttrValue(std::string("identity"));
  };
  auto build = [op, activation](const Match& m) -> Vars {
    Attrs attrs = op.activated(m.node("map").attrs, activation);
    return {emit1(find_op(op.fused), attrs, {m.var("x"), m.var("w"), m.var("b"), m.var("z")})};
  };
  return {op.fused + " in " + activation, node(activation, {map_of(op.fused, {any("z")})}), when, build};
}

std::vector<Rule> make_rules() {
  std::vector<Rule> rules;
  for (const FusedOp& op : kFusedOps) {
    rules.push_back(rule_of(op, node("add", {map_of(op.plain), any("z")}).either_order(), "identity", true));
    for (std::string_view name : kFusedActivations) {
      if (name == "identity") continue;
      std::string activation(name);
      rules.push_back(rule_of(op, node(activation, {map_of(op.plain)}), activation, false));
      rules.push_back(activation_after_sum(op, activation));
    }
  }
  return rules;
}

}  // namespace

FunctionPtr fuse_activation(const Function& function, const PassOptions&) {
  static const std::vector<Rule> rules = make_rules();
  return rewrite(function, rules);
}

}  // namespace miai
