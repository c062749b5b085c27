#include "graph/compile/prepare.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>
#include <unordered_set>

#include "runtime/mapped_pages.h"

namespace miai {
namespace {

int64_t bytes_of(const Value* value) {
  if (!value) return 0;
  return element_count(static_shape(value->type.shape)) * static_cast<int64_t>(dtype_size(value->type.dtype));
}

/// Finds the nodes of the prepare part, and which of their values the rest needs.
class PrepareFinder {
 public:
  explicit PrepareFinder(const Function& function) : f_(function) {
    for (const State& state : f_.states)
      if (state.input && (!state.output || state.output == state.input)) known_.insert(state.input);
    for (const Value* value : f_.constants()) known_.insert(value);
    for (const Node* node : f_.nodes)
      if (is_preparable(*node)) {
        nodes_.insert(node);
        known_.insert(node->outputs.begin(), node->outputs.end());
      }
    for (const Node* node : f_.nodes)
      if (!nodes_.count(node))
        for (const Value* value : node->inputs) need(value);
    for (const Value* value : f_.outputs) need(value);
    for (const State& state : f_.states) need(state.output);
  }

  /// In order of the function's nodes.
  std::vector<const Value*> kept() const {
    std::vector<const Value*> list;
    for (const Node* node : f_.nodes)
      for (const Value* value : node->outputs)
        if (kept_.count(value)) list.push_back(value);
    return list;
  }
  bool is_in_main(const Node* node) const { return !nodes_.count(node) || views_in_main_.count(node); }
  bool is_prepared(const Node* node) const { return nodes_.count(node) != 0; }

 private:
  /// Results that are much larger than what they are made of are rather computed each time than kept.
  bool is_preparable(const Node& node) const {
    if (node.op->random || node.op->effect || !node.bodies.empty() || node.outputs.empty()) return false;
    constexpr int64_t kSmall = 4096;
    int64_t before = 0, after = 0;
    for (const Value* value : node.inputs) {
      if (value && (!known_.count(value) || !is_static(value->type.shape))) return false;
      before += bytes_of(value);
    }
    for (const Value* value : node.outputs) {
      if (!is_static(value->type.shape)) return false;
      after += bytes_of(value);
    }
    return !is_symbolic(node.attrs) && (node.op->is_view() || after <= 2 * before + kSmall);
  }

  /// The rest reads this value: keep it, or, since views cost nothing, make the view again there.
  void need(const Value* value) {
    if (!value || !value->producer || !nodes_.count(value->producer)) return;
    if (value->producer->op->is_view()) {
      views_in_main_.insert(value->producer);
      need(value->producer->inputs[0]);
    } else {
      kept_.insert(value);
    }
  }

  const Function& f_;
  std::unordered_set<const Value*> known_, kept_;
  std::unordered_set<const Node*> nodes_, views_in_main_;
};

using ValueMap = std::unordered_map<const Value*, Value*>;

/// The counterpart of a value; constants come over when first asked for.
Value* mapped(const Value* value, Function& to, ValueMap& map) {
  if (!value) return nullptr;
  auto it = map.find(value);
  if (it != map.end()) return it->second;
  return map[value] = to.add_constant(value->type, value->constant.value(), value->name);
}

void copy_node(const Node& node, Function& to, ValueMap& map) {
  std::vector<Value*> inputs;
  for (const Value* value : node.inputs) inputs.push_back(mapped(value, to, map));
  std::vector<TensorType> types;
  for (const Value* value : node.outputs) types.push_back(value->type);
  Node* copy = to.add_node(*node.op, node.attrs, std::move(inputs), types, node.line);
  copy->bodies = node.bodies;
  for (size_t i = 0; i < node.outputs.size(); ++i) map[node.outputs[i]] = copy->outputs[i];
}

FunctionPtr make_prepare(const Function& f, const PrepareFinder& finder, std::vector<int>& states) {
  auto prepare = std::make_shared<Function>(f.name + ".prepare");
  std::unordered_set<const Value*> read;
  for (const Node* node : f.nodes)
    if (finder.is_prepared(node)) read.insert(node->inputs.begin(), node->inputs.end());
  ValueMap map;
  for (size_t i = 0; i < f.states.size(); ++i) {
    if (!f.states[i].input || !read.count(f.states[i].input)) continue;
    map[f.states[i].input] = prepare->add_state(f.states[i].input->type, f.states[i].name);
    states.push_back(static_cast<int>(i));
  }
  for (const Node* node : f.nodes)
    if (finder.is_prepared(node)) copy_node(*node, *prepare, map);
  for (const Value* value : finder.kept()) prepare->outputs.push_back(map.at(value));
  return prepare;
}

FunctionPtr make_main(const Function& f, const PrepareFinder& finder) {
  auto main = std::make_shared<Function>(f.name);
  ValueMap map;
  for (const Value* value : f.inputs) map[value] = main->add_input(value->type, value->name);
  for (const State& state : f.states) {
    if (state.input) {
      map[state.input] = main->add_state(state.input->type, state.name);
    } else {
      main->states.push_back({state.name, nullptr, nullptr});
    }
  }
  int number = 0;
  for (const Value* value : finder.kept())
    map[value] = main->add_state(value->type, "prepared/" + std::to_string(number++));
  for (const Node* node : f.nodes)
    if (finder.is_in_main(node)) copy_node(*node, *main, map);
  for (const Value* value : f.outputs) main->outputs.push_back(mapped(value, *main, map));
  for (size_t i = 0; i < f.states.size(); ++i)
    main->states[i].output = mapped(f.states[i].output, *main, map);
  main->output_names = f.output_names;
  main->conditions = f.conditions;
  return main;
}

}  // namespace

SplitFunction split_prepare(const FunctionPtr& function) {
  PrepareFinder finder(*function);
  if (finder.kept().empty()) return {nullptr, function, {}};
  SplitFunction split;
  split.prepare = make_prepare(*function, finder, split.states);
  split.main = make_main(*function, finder);
  return split;
}

namespace {
uint64_t next_serial() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}
}  // namespace

PreparePart::PreparePart(std::shared_ptr<Executable> executable, std::vector<int> states)
    : executable_(executable), execution_(std::move(executable)), states_(std::move(states)) {}

bool PreparePart::fits(const PreparedFrom& from, std::span<const StateSlot> states) const {
  for (size_t i = 0; i < states_.size(); ++i) {
    const TensorRef& now = states[static_cast<size_t>(states_[i])].value;
    const TensorRef& then = from.states[i];
    if (now.storage != then.storage || now.byte_offset != then.byte_offset || !(now.meta == then.meta))
      return false;
  }
  return true;
}

std::shared_ptr<const PreparedValues> PreparePart::get(const std::shared_ptr<const PreparedValues>& last,
                                                       std::span<const StateSlot> states) {
  if (last && fits(*last->from, states)) return last;
  std::lock_guard lock(mutex_);
  if (auto latest = latest_.lock(); latest && fits(*latest->from, states)) return latest;
  std::shared_ptr<const PreparedFrom> from = origin_.lock();
  if (!from || !fits(*from, states)) {
    auto now = std::make_shared<PreparedFrom>();
    for (int i : states_) now->states.push_back(states[static_cast<size_t>(i)].value);
    now->serial = next_serial();
    from = std::move(now);
  }
  std::vector<StateSlot> slots;
  for (const TensorRef& state : from->states) slots.push_back({state, false});
  auto fresh = std::make_shared<PreparedValues>();
  fresh->from = from;
  fresh->values = execution_.run({}, slots);
  execution_.release_memory();
  for (const TensorRef& state : from->states) drop_pages(state.data(), byte_size(state.meta));
  origin_ = from;
  latest_ = fresh;
  return fresh;
}

}  // namespace miai
