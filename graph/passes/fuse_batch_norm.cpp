#include "graph/ops/tables.h"
#include "graph/passes/pass.h"
#include "graph/passes/pattern.h"
#include "graph/passes/scalar_value.h"
#include "kernels/common/attrs/batch_norm.h"
#include "runtime/backend.h"

namespace miai {
namespace {

Pattern batch_norm_inputs(std::string op, std::vector<Pattern> more = {}) {
  std::vector<Pattern> inputs = {any("x"), any("running_mean"), any("running_var"), any("w"), any("b")};
  inputs.insert(inputs.end(), more.begin(), more.end());
  return node(std::move(op), std::move(inputs)).called("norm");
}

// ---- forward: activation(batch_norm(x) + z) ----

Vars build_forward(const Match& m, const std::string& activation, const Var& z) {
  const auto& plain = m.node("norm").attrs.as<BatchNormAttrs>();
  Var inputs[] = {m.var("x"), m.var("running_mean"), m.var("running_var"), m.var("w"), m.var("b"), z};
  return emit(find_op("batch_norm_act"), make_attrs(BatchNormActAttrs{plain, activation}), inputs);
}

bool may_fuse(const Match& m) {
  const TensorType& type = m.root().outputs[0]->type;
  return type == m.value("x")->type && has_kernel("batch_norm_act", type.device);
}

void add_forward(const std::string& activation, std::vector<Rule>& rules) {
  Pattern norm = batch_norm_inputs("batch_norm").taken_in();
  rules.push_back({"batch_norm and " + activation, node(activation, {norm}), may_fuse,
                   [=](const Match& m) { return build_forward(m, activation, Var()); }});
  Pattern sum = node("add", {norm, any("z")}).either_order().read_once();
  auto may_add = [](const Match& m) { return may_fuse(m) && m.value("z")->type == m.value("x")->type; };
  rules.push_back({"batch_norm, sum and " + activation, node(activation, {sum}), may_add,
                   [=](const Match& m) { return build_forward(m, activation, m.var("z")); }});
}

// ---- backward: batch_norm_backward of what the activation's gradient lets through ----

/// `inner` where the fused result compares so with a number, else another number.
Pattern limited(const std::string& comparison, Pattern inner) {
  Pattern within = node(comparison, {batch_norm_inputs("batch_norm_act")}).called(comparison);
  return node("where", {within, std::move(inner), any("otherwise")}).read_once();
}

bool is_number(const Value* value, double expected) {
  auto scalar = scalar_value(value);
  return scalar && scalar->number == expected;
}
/// Whether the comparison is of the fused result with that number.
bool compares(const Match& m, const std::string& comparison, double limit) {
  const Node& node = m.node(comparison);
  return node.inputs[0] == m.node("norm").outputs[0] && is_number(node.inputs[1], limit);
}

bool undoes(const Match& m, const std::string& activation) {
  const Node &norm = m.node("norm"), &back = m.root();
  const auto& a = norm.attrs.as<BatchNormActAttrs>();
  bool has_sum = norm.inputs.size() > 5 && norm.inputs[5];
  return a.activation == activation && !has_sum && norm.outputs[3] == back.inputs[3] &&
         norm.outputs[4] == back.inputs[4] && a.training == back.attrs.as<BatchNormGradAttrs>().training &&
         compares(m, "greater", 0) && (activation == "relu" || compares(m, "less", 6)) &&
         is_number(m.value("otherwise"), 0);
}

Vars build_backward(const Match& m, const std::string& activation) {
  bool training = m.root().attrs.as<BatchNormGradAttrs>().training;
  Var inputs[] = {m.var("dy"), m.var("x"), m.var("w"), m.var("mean"), m.var("rstd"), m.var("b")};
  return emit(find_op("batch_norm_act_backward"), make_attrs(BatchNormActGradAttrs{{training}, activation}),
              inputs);
}

void add_backward(const std::string& activation, const Pattern& grad, std::vector<Rule>& rules) {
  Pattern back = node("batch_norm_backward", {grad, any("x"), any("w"), any("mean"), any("rstd")});
  rules.push_back({"gradient of batch_norm and " + activation, back,
                   [=](const Match& m) { return undoes(m, activation); },
                   [=](const Match& m) { return build_backward(m, activation); }});
}

std::vector<Rule> make_rules() {
  std::vector<Rule> rules;
  for (const char* activation : {"relu", "relu6"}) add_forward(activation, rules);
  add_backward("relu", limited("greater", any("dy")), rules);
  add_backward("relu6", limited("greater", limited("less", any("dy"))), rules);
  return rules;
}

}  // namespace

FunctionPtr fuse_batch_norm(const Function& function, const PassOptions&) {
  static const std::vector<Rule> rules = make_rules();
  return rewrite(function, rules);
}

}  // namespace miai
