// Rewrites as data: a pattern of operators, a condition, and what stands in its place. One driver applies a
// table of them.
#pragma once
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/ir/function.h"

namespace miai {

/// A tree of operators that a value may be computed by. Inputs that are not listed may be anything.
struct Pattern {
  std::string op;  // empty: any value
  std::vector<Pattern> inputs;
  std::string name;   // what the match calls this node, or the value if op is empty
  bool once = false;  // nobody else reads any output of the node
  bool commutative =
      false;              // the first two inputs may be exchanged; a condition sees the first order that fits
  bool absorbed = false;  // nobody else reads this output; `build` gives the node's other ones too

  Pattern called(std::string as) const;
  Pattern read_once() const;
  Pattern either_order() const;
  Pattern taken_in() const;  // absorbed
};
/// Any value, absent ones included. The same name twice: the same value.
Pattern any(std::string name);
Pattern node(std::string op, std::vector<Pattern> inputs = {});

/// What a pattern's names stand for.
class Match {
 public:
  const Node& root() const { return *root_; }
  const Node& node(const std::string& name) const { return *nodes_.at(name); }
  Value* value(const std::string& name) const { return values_.at(name); }
  bool has(const std::string& name) const { return values_.contains(name); }
  /// A value as the builders of operators take it; empty if absent.
  Var var(const std::string& name) const { return emitter_->wrap(value(name)); }
  /// How often a value of the match is read, outputs and states included.
  int reads(const Value* value) const;
  /// The same in each step: a constant, or a state that the function only reads.
  bool is_fixed(const Value* value) const;

 private:
  friend class Matcher;
  const Node* root_ = nullptr;
  const Node* absorbed_ = nullptr;
  std::map<std::string, const Node*> nodes_;
  std::map<std::string, Value*> values_;
  GraphEmitter* emitter_ = nullptr;
  const std::unordered_map<const Value*, int>* reads_ = nullptr;
  const std::unordered_set<const Value*>* changing_ = nullptr;  // inputs, and states that are written
};

struct Rule {
  std::string name;
  Pattern pattern;                         // of the node whose outputs are replaced
  std::function<bool(const Match&)> when;  // empty: always
  /// The new outputs, of the same types; written with the builders of operators. After them those of the
  /// absorbed node, from its second one on.
  std::function<Vars(const Match&)> build;
};

/// Applies the rules, first come first served, until none fits. `applied` collects the names of those that
/// did. What the new nodes no longer need stays in the function as dead code.
FunctionPtr rewrite(const Function& function, std::span<const Rule> rules,
                    std::vector<std::string>* applied = nullptr);

}  // namespace miai
