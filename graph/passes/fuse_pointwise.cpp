#include <algorithm>
#include <unordered_map>

#include "graph/ops/pointwise.h"
#include "graph/passes/pass.h"
#include "graph/passes/program_joiner.h"
#include "graph/passes/rebuild.h"
#include "graph/passes/scalar_value.h"
#include "kernels/common/attrs/full.h"
#include "kernels/common/attrs/pointwise.h"

namespace miai {
namespace {

constexpr size_t kMostNodes = 32;
constexpr int kMostRegisters = 20;  // that are alive at once: tile loops have room for a few more

bool is_half(const Value* value) {
  return value && (value->type.dtype == DType::kFloat16 || value->type.dtype == DType::kBFloat16);
}

/// 16-bit results are rounded when they are stored, which a register would not do.
bool may_fuse(const Node& node) {
  return node.op->is_pointwise() && !node.op->random && !node.op->effect && node.outputs.size() == 1 &&
         !is_half(node.outputs[0]) &&
         std::find(node.inputs.begin(), node.inputs.end(), nullptr) == node.inputs.end();
}

/// Nodes that become one, last first.
struct Group {
  std::vector<const Node*> nodes;
  std::vector<const Value*> outputs;  // of the first node, then results that others of them give away
};

/// The number that fills a value: of a constant of one element, or of `full`.
std::optional<ScalarValue> filling_number(const Value* value) {
  if (!value->producer || value->producer->op->name != "full") return scalar_value(value);
  if (is_half(value)) return std::nullopt;  // its elements are the rounded number
  double number = value->producer->attrs.as<FullAttrs>().value;
  if (value->type.dtype == DType::kBool) number = number != 0;
  return ScalarValue{number, is_float(value->type.dtype) ? 0 : static_cast<int64_t>(number)};
}

/// What the group reads. A number becomes part of the program if another input gives the output its shape.
class GroupInputs {
 public:
  explicit GroupInputs(const Group& group) {
    for (const Node* node : group.nodes) inside_.push_back(node->outputs[0]);
    const TensorType& type = group.outputs[0]->type;
    for (auto node = group.nodes.rbegin(); node != group.nodes.rend(); ++node)
      for (const Value* value : (*node)->inputs) {
        if (is_inside(value)) continue;
        all_.push_back(value);
        has_shape_ |= !filling_number(value) && value->type.shape == type.shape;
      }
    for (const Value* value : all_)
      if (!number_of(value) && std::find(read_.begin(), read_.end(), value) == read_.end())
        read_.push_back(value);
  }
  bool is_inside(const Value* value) const {
    return std::find(inside_.begin(), inside_.end(), value) != inside_.end();
  }
  std::optional<ScalarValue> number_of(const Value* value) const {
    return has_shape_ ? filling_number(value) : std::nullopt;
  }
  const std::vector<const Value*>& read() const { return read_; }
  int index(const Value* value) const {
    return static_cast<int>(std::find(read_.begin(), read_.end(), value) - read_.begin());
  }

 private:
  std::vector<const Value*> inside_, all_, read_;
  bool has_shape_ = false;
};

pointwise::Program program_of(const Node& node) {
  std::vector<DType> dtypes;
  for (const Value* value : node.inputs) dtypes.push_back(value->type.dtype);
  return build_program(*node.op, node.attrs, dtypes, node.outputs[0]->type.dtype);
}

pointwise::Program join(const Group& group, const GroupInputs& inputs) {
  ProgramJoiner joiner;
  std::unordered_map<const Value*, pointwise::Register> registers;
  for (auto node = group.nodes.rbegin(); node != group.nodes.rend(); ++node) {
    auto input = [&](int i, const pointwise::Instruction& load) {
      const Value* value = (*node)->inputs[static_cast<size_t>(i)];
      if (inputs.is_inside(value)) return registers.at(value);
      if (auto number = inputs.number_of(value))
        return joiner.constant(load.dtype, number->number, number->integer);
      return joiner.input(load.dtype, inputs.index(value));
    };
    registers[(*node)->outputs[0]] = joiner.append(program_of(**node), input);
  }
  std::vector<pointwise::Register> outputs;
  for (const Value* value : group.outputs) outputs.push_back(registers.at(value));
  return joiner.finish(std::move(outputs), static_cast<int>(inputs.read().size()));
}

/// A node joins the group of its readers if all of them are in it and have its shape. What is also a result
/// of the function (a new momentum, read by the update of the weight) becomes an output of the group.
class Grouping {
 public:
  explicit Grouping(const Function& function) : users_(users_of(function)) {
    for (const Value* value : function.outputs) escapes_[value] = true;
    for (const State& state : function.states) escapes_[state.output] = true;
    for (auto it = function.nodes.rbegin(); it != function.nodes.rend(); ++it)
      if (may_fuse(**it)) place(**it);
  }
  /// The group that ends with this node; nullptr if it is alone or inside of one.
  const Group* ending_with(const Node& node) const {
    auto it = group_of_.find(&node);
    if (it == group_of_.end()) return nullptr;
    const Group& group = groups_[it->second];
    return group.nodes[0] == &node && group.nodes.size() > 1 ? &group : nullptr;
  }

 private:
  void place(const Node& node) {
    std::optional<size_t> joined = group_of_users(node);
    if (!joined) {
      joined = groups_.size();
      groups_.emplace_back();
    }
    add(groups_[*joined], node);
    group_of_[&node] = *joined;
  }
  void add(Group& group, const Node& node) const {
    if (group.nodes.empty() || escapes_.count(node.outputs[0])) group.outputs.push_back(node.outputs[0]);
    group.nodes.push_back(&node);
  }
  std::optional<size_t> group_of_users(const Node& node) const {
    const Value* output = node.outputs[0];
    const auto& users = users_[static_cast<size_t>(output->id)];
    if (users.empty()) return std::nullopt;
    std::optional<size_t> found;
    for (const Node* user : users) {
      auto it = group_of_.find(user);
      if (it == group_of_.end() || (found && *found != it->second)) return std::nullopt;
      found = it->second;
    }
    Group group = groups_[*found];
    if (!(group.outputs[0]->type.shape == output->type.shape) || group.nodes.size() >= kMostNodes)
      return std::nullopt;
    add(group, node);
    bool fits = registers_needed(join(group, GroupInputs(group))) <= kMostRegisters;
    return fits ? found : std::nullopt;
  }

  std::vector<std::vector<Node*>> users_;
  std::unordered_map<const Value*, bool> escapes_;
  std::unordered_map<const Node*, size_t> group_of_;
  std::vector<Group> groups_;
};

}  // namespace

FunctionPtr fuse_pointwise(const Function& function, const PassOptions&) {
  Rebuild rebuild(function);
  Grouping grouping(function);
  for (const Node* node : function.nodes) {
    const Group* group = grouping.ending_with(*node);
    if (!group) {
      rebuild.copy(*node);  // inside of a group: dead code in a moment
      continue;
    }
    GroupInputs inputs(*group);
    Vars made;
    rebuild.replace_node(*node, [&] {
      Vars read;
      for (const Value* value : inputs.read()) read.push_back(rebuild.var(value));
      return made = emit(find_op("pointwise"), make_attrs(PointwiseAttrs{join(*group, inputs)}), read);
    });
    for (size_t i = 1; i < made.size(); ++i)
      rebuild.replace(group->outputs[i], rebuild.emitter().unwrap(made[i]));
  }
  return rebuild.finish();
}

}  // namespace miai
