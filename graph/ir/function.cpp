#include "graph/ir/function.h"

#include <algorithm>
#include <unordered_map>

#include "kernels/common/error.h"

namespace miai {
namespace {

/// Absent optional inputs at the end are written out, so that equal calls are equal nodes.
void pad_inputs(const OpDef& op, std::vector<Value*>& inputs) {
  size_t fixed = op.inputs.size();
  if (fixed && op.inputs.back().presence == Presence::kVariadic) --fixed;
  if (inputs.size() < fixed) inputs.resize(fixed, nullptr);
}

}  // namespace

Value* Function::make_value(const TensorType& type) {
  Value& value = values_.emplace_back();
  value.id = next_id_++;
  value.type = type;
  return &value;
}

void Function::set_id(Value* value, int id) {
  value->id = id;
  next_id_ = std::max(next_id_, id + 1);
}

Value* Function::add_input(const TensorType& type, std::string name) {
  Value* value = make_value(type);
  value->name = std::move(name);
  inputs.push_back(value);
  return value;
}

Value* Function::add_constant(const TensorType& type, ConstantData data, std::string name) {
  Value* value = make_value(type);
  value->name = std::move(name);
  value->constant = std::move(data);
  return value;
}

Value* Function::add_state(const TensorType& type, std::string name) {
  Value* value = make_value(type);
  value->name = name;
  states.push_back({std::move(name), value, nullptr});
  return value;
}

Node* Function::add_node(const OpDef& op, const Attrs& attrs, std::vector<Value*> inputs, UserLine line) {
  std::vector<const TensorType*> types;
  for (const Value* value : inputs) types.push_back(value ? &value->type : nullptr);
  return add_node(op, attrs, std::move(inputs), infer_outputs(op, attrs, types), std::move(line));
}

Node* Function::add_node(const OpDef& op, const Attrs& attrs, std::vector<Value*> inputs,
                         const std::vector<TensorType>& outputs, UserLine line) {
  pad_inputs(op, inputs);
  Node& node = storage_.emplace_back();
  node.op = &op;
  node.attrs = attrs;
  node.inputs = std::move(inputs);
  node.line = std::move(line);
  for (const TensorType& type : outputs) {
    Value* value = make_value(type);
    value->producer = &node;
    value->output_index = static_cast<int>(node.outputs.size());
    node.outputs.push_back(value);
  }
  nodes.push_back(&node);
  return &node;
}

std::vector<Value*> Function::constants() const {
  std::vector<Value*> found;
  std::vector<bool> seen(static_cast<size_t>(next_id_));
  auto look = [&](Value* value) {
    if (!value || !value->constant || seen[static_cast<size_t>(value->id)]) return;
    seen[static_cast<size_t>(value->id)] = true;
    found.push_back(value);
  };
  for (const Node* node : nodes)
    for (Value* value : node->inputs) look(value);
  for (Value* value : outputs) look(value);
  for (const State& state : states) look(state.output);
  return found;
}

std::shared_ptr<Function> Function::clone() const {
  auto copy = std::make_shared<Function>(name);
  std::unordered_map<const Value*, Value*> map{{nullptr, nullptr}};
  auto take = [&](const Value* from) {
    Value& to = copy->values_.emplace_back(*from);
    to.producer = nullptr;
    map[from] = &to;
    return &to;
  };
  for (const Value* value : inputs) copy->inputs.push_back(take(value));
  for (const State& state : states)
    copy->states.push_back({state.name, state.input ? take(state.input) : nullptr, nullptr});
  for (const Value* value : constants()) take(value);
  for (const Node* node : nodes) {
    Node& to = copy->storage_.emplace_back(*node);
    for (Value*& value : to.inputs) value = map.at(value);
    for (Value*& value : to.lowered) value = map.at(value);
    for (Value*& value : to.outputs) {
      value = take(value);
      value->producer = &to;
    }
    for (auto& body : to.bodies) body = body->clone();
    copy->nodes.push_back(&to);
  }
  for (const Value* value : outputs) copy->outputs.push_back(map.at(value));
  for (size_t i = 0; i < states.size(); ++i) copy->states[i].output = map.at(states[i].output);
  copy->output_names = output_names;
  copy->conditions = conditions;
  copy->next_id_ = next_id_;
  return copy;
}

std::vector<std::vector<Node*>> users_of(const Function& function) {
  std::vector<std::vector<Node*>> users(static_cast<size_t>(function.value_count()));
  for (Node* node : function.nodes)
    for (const Value* value : node->inputs)
      if (value) users[static_cast<size_t>(value->id)].push_back(node);
  return users;
}

}  // namespace miai
