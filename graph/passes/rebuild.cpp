#include "graph/passes/rebuild.h"

#include "kernels/common/error.h"

namespace miai {

Rebuild::Rebuild(const Function& from)
    : from_(from), to_(std::make_shared<Function>(from.name)), emitter_(*to_) {
  for (const Value* value : from.inputs) values_[value] = to_->add_input(value->type, value->name);
  for (const State& state : from.states) {
    if (state.input) {
      values_[state.input] = to_->add_state(state.input->type, state.name);
    } else {
      to_->states.push_back({state.name, nullptr, nullptr});
    }
  }
  to_->conditions = from.conditions;
  to_->output_names = from.output_names;
}

Value* Rebuild::operator()(const Value* old) {
  if (!old) return nullptr;
  auto it = values_.find(old);
  if (it != values_.end()) return it->second;
  if (!old->constant)
    raise(ErrorKind::kRuntime, "a pass of '", from_.name, "' left out %", old->id, ", which is read");
  return values_[old] = to_->add_constant(old->type, *old->constant, old->name);
}

Node* Rebuild::copy(const Node& node) {
  std::vector<Value*> inputs;
  for (const Value* value : node.inputs) inputs.push_back((*this)(value));
  std::vector<TensorType> types;
  for (const Value* value : node.outputs) types.push_back(value->type);
  Node* made = to_->add_node(*node.op, node.attrs, std::move(inputs), types, node.line);
  made->bodies = node.bodies;
  for (size_t i = 0; i < node.outputs.size(); ++i) values_[node.outputs[i]] = made->outputs[i];
  return made;
}

void Rebuild::replace(const Value* old, Value* by) {
  if (!(old->type == by->type))
    raise(ErrorKind::kRuntime, "a pass of '", from_.name, "' replaces %", old->id, " (",
          old->producer ? old->producer->op->name : old->name, "): ", old->type, " by ", by->type);
  values_[old] = by;
}

void Rebuild::forward(const Value* made, Value* by) {
  for (auto& [old, stands] : values_)
    if (stands == made) stands = by;
}

void Rebuild::replace_outputs(const Node& node, const Vars& outputs) {
  for (const Value* value : node.outputs) values_.erase(value);
  for (size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i)
    if (outputs[i]) replace(node.outputs[i], emitter_.unwrap(outputs[i]));
}

FunctionPtr Rebuild::finish() {
  for (const Value* value : from_.outputs) to_->outputs.push_back((*this)(value));
  for (size_t i = 0; i < from_.states.size(); ++i) to_->states[i].output = (*this)(from_.states[i].output);
  return to_;
}

}  // namespace miai
