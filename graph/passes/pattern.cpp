#include "graph/passes/pattern.h"

#include <algorithm>
#include <utility>

#include "graph/passes/rebuild.h"

namespace miai {

Pattern Pattern::called(std::string as) const {
  Pattern copy = *this;
  copy.name = std::move(as);
  return copy;
}
Pattern Pattern::read_once() const {
  Pattern copy = *this;
  copy.once = true;
  return copy;
}
Pattern Pattern::either_order() const {
  Pattern copy = *this;
  copy.commutative = true;
  return copy;
}
Pattern Pattern::taken_in() const {
  Pattern copy = *this;
  copy.absorbed = true;
  return copy;
}
Pattern any(std::string name) { return {"", {}, std::move(name)}; }
Pattern node(std::string op, std::vector<Pattern> inputs) { return {std::move(op), std::move(inputs), ""}; }

int Match::reads(const Value* value) const {
  auto it = reads_->find(value);
  return it == reads_->end() ? 0 : it->second;
}

bool Match::is_fixed(const Value* value) const {
  return value && !value->producer && !changing_->count(value);
}

/// How often values are read. Of the function that is being written: as often as in the old one.
using Reads = std::unordered_map<const Value*, int>;

class Matcher {
 public:
  Matcher(const Reads& reads, const std::unordered_set<const Value*>& changing, Rebuild& rebuild)
      : nodes_(rebuild.to().nodes) {
    match_.emitter_ = &rebuild.emitter();
    match_.reads_ = &reads;
    match_.changing_ = &changing;
  }

  bool matches_root(const Pattern& pattern, const Node* root) {
    match_.root_ = root;
    return matches_node(pattern, root);
  }
  const Match& match() const { return match_; }
  const Node* absorbed() const { return match_.absorbed_; }

 private:
  bool matches_node(const Pattern& pattern, const Node* node) {
    if (node->op->name != pattern.op || node->inputs.size() < pattern.inputs.size()) return false;
    if (!pattern.name.empty()) match_.nodes_[pattern.name] = node;
    if (!pattern.commutative) return matches_inputs(pattern, node, false);
    Match before = match_;
    if (matches_inputs(pattern, node, false)) return true;
    match_ = before;
    return matches_inputs(pattern, node, true);
  }
  bool matches_inputs(const Pattern& pattern, const Node* node, bool exchanged) {
    for (size_t i = 0; i < pattern.inputs.size(); ++i)
      if (!matches_value(pattern.inputs[i], node->inputs[exchanged && i < 2 ? 1 - i : i])) return false;
    return true;
  }
  bool matches_value(const Pattern& pattern, Value* value) {
    if (pattern.op.empty()) {
      auto [it, is_new] = match_.values_.try_emplace(pattern.name, value);
      return is_new || it->second == value;
    }
    if (!value || !value->producer) return false;
    if (pattern.once && !is_read_once(value)) return false;
    if (pattern.absorbed && !is_absorbed(value)) return false;
    return matches_node(pattern, value->producer);
  }
  bool is_read_once(const Value* value) const {
    for (const Value* output : value->producer->outputs)
      if (match_.reads(output) != (output == value ? 1 : 0)) return false;
    return true;
  }
  /// The other outputs come into being later than before: none of them may have been read until now.
  bool is_absorbed(const Value* value) {
    const std::vector<Value*>& outputs = value->producer->outputs;
    if (value != outputs[0] || match_.reads(value) != 1) return false;
    for (auto node = nodes_.rbegin(); node != nodes_.rend() && *node != value->producer; ++node)
      for (const Value* input : (*node)->inputs)
        if (input != value && std::find(outputs.begin(), outputs.end(), input) != outputs.end()) return false;
    match_.absorbed_ = value->producer;
    return true;
  }

  const std::vector<Node*>& nodes_;  // written until now
  Match match_;
};

namespace {

Reads count_reads(const Function& function) {
  Reads reads;
  for (const Node* node : function.nodes)
    for (const Value* value : node->inputs) ++reads[value];
  for (const Value* value : function.outputs) ++reads[value];
  for (const State& state : function.states) ++reads[state.output];
  return reads;
}

class Rewriter {
 public:
  Rewriter(const Function& function, std::span<const Rule> rules, std::vector<std::string>* applied)
      : from_(function),
        rules_(rules),
        applied_(applied),
        old_reads_(count_reads(function)),
        rebuild_(function) {}

  FunctionPtr run(bool& changed) {
    for (const Value* value : from_.inputs) carry_reads(value);
    for (const State& state : from_.states) carry_reads(state.input);
    for (const Value* value : from_.inputs) changing_.insert(rebuild_(value));
    for (const State& state : from_.states)
      if (state.input && state.output && state.output != state.input) changing_.insert(rebuild_(state.input));
    for (const Node* node : from_.nodes) {
      size_t at = rebuild_.to().nodes.size();
      Node* copy = rebuild_.copy(*node);
      for (const Value* value : node->outputs) carry_reads(value);
      if (!try_rules(*node, copy)) continue;
      rebuild_.to().nodes.erase(rebuild_.to().nodes.begin() + static_cast<std::ptrdiff_t>(at));
      for (const Value* value : node->outputs) carry_reads(value);
      changed = true;
    }
    return rebuild_.finish();
  }

 private:
  void carry_reads(const Value* old) {
    if (old && old_reads_[old]) reads_[rebuild_(old)] += old_reads_[old];
  }
  bool try_rules(const Node& old, const Node* copy) {
    for (const Rule& rule : rules_) {
      Matcher matcher(reads_, changing_, rebuild_);
      if (!matcher.matches_root(rule.pattern, copy)) continue;
      if (rule.when && !rule.when(matcher.match())) continue;
      Vars outputs;
      rebuild_.replace_node(old, [&] { return outputs = rule.build(matcher.match()); });
      if (const Node* absorbed = matcher.absorbed())
        for (size_t i = 1; i < absorbed->outputs.size(); ++i)
          forward(absorbed->outputs[i], rebuild_.emitter().unwrap(outputs[old.outputs.size() + i - 1]));
      if (applied_) applied_->push_back(rule.name);
      return true;
    }
    return false;
  }

  void forward(const Value* made, Value* by) {
    rebuild_.forward(made, by);
    reads_[by] += std::exchange(reads_[made], 0);
  }

  const Function& from_;
  std::span<const Rule> rules_;
  std::vector<std::string>* applied_;
  Reads old_reads_, reads_;
  std::unordered_set<const Value*> changing_;
  Rebuild rebuild_;
};

}  // namespace

FunctionPtr rewrite(const Function& function, std::span<const Rule> rules,
                    std::vector<std::string>* applied) {
  constexpr int kMostRounds = 16;
  FunctionPtr current = function.clone();
  for (int round = 0; round < kMostRounds; ++round) {
    bool changed = false;
    FunctionPtr next = Rewriter(*current, rules, applied).run(changed);
    if (!changed) break;
    current = std::move(next);
  }
  return current;
}

}  // namespace miai
