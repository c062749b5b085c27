#include "graph/autodiff/plugin_gradient.h"

#include "graph/ops/tables.h"

namespace miai {
namespace {

std::vector<int> listed(uint32_t bits) {
  std::vector<int> list;
  for (int i = 0; i < MIAI_PLUGIN_MAX_OPERANDS; ++i)
    if (bits >> i & 1u) list.push_back(i);
  return list;
}

Vars rule(const plugin::PluginOp& op, GradContext& c) {
  const size_t declared = op.definition.inputs.size();
  plugin::GradientCall call{.inputs = Vars(declared), .gradients = Vars(declared)};
  for (int i = 0; i < c.input_count(); ++i) {
    call.inputs[static_cast<size_t>(i)] = c.input(i);
    call.input_types.push_back(c.input_type(i));
    call.present.push_back(c.has_input(i));
    call.needs.push_back(c.needs(i));
  }
  for (size_t i = 0; i < op.definition.outputs.size(); ++i) {
    call.outputs.push_back(c.output(static_cast<int>(i)));
    call.out_grads.push_back(c.grad(static_cast<int>(i)));
  }
  plugin::call_gradient(op, c.attrs, call);
  call.gradients.resize(static_cast<size_t>(c.input_count()));  // without optional inputs left out at the end
  return std::move(call.gradients);
}

}  // namespace

void add_plugin_gradient(const plugin::PluginOpPtr& op) {
  GradTable::global().add(op->name, {.rule = [op](GradContext& c) { return rule(*op, c); },
                                     .saves_inputs = listed(op->callbacks.gradient_inputs),
                                     .saves_outputs = listed(op->callbacks.gradient_outputs)});
}

}  // namespace miai
