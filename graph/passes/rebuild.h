// How passes work: they read one function and write another, node by node.
#pragma once
#include <unordered_map>

#include "graph/ir/function.h"

namespace miai {

class Rebuild {
 public:
  /// The new function has the inputs and states of `from`, in the same order, and no nodes yet.
  explicit Rebuild(const Function& from);

  Function& to() { return *to_; }
  GraphEmitter& emitter() { return emitter_; }

  /// What stands for an old value in the new function; constants come over when first asked for.
  Value* operator()(const Value* old);
  Var var(const Value* old) { return emitter_.wrap((*this)(old)); }
  /// The same operator on the counterparts of its operands.
  Node* copy(const Node& node);
  /// From now on `by` (of the new function) stands for `old`. Raises if its type is another.
  void replace(const Value* old, Value* by);
  /// From now on `by` stands for all that `made` (of the new function) stood for.
  void forward(const Value* made, Value* by);
  /// The operators that `build` emits stand for the node.
  template <class Build>
  void replace_node(const Node& node, Build&& build) {
    emitter_.line = node.line;
    EmitterScope scope(&emitter_);
    replace_outputs(node, build());
  }
  FunctionPtr finish();

 private:
  void replace_outputs(const Node& node, const Vars& outputs);
  const Function& from_;
  FunctionPtr to_;
  GraphEmitter emitter_;
  std::unordered_map<const Value*, Value*> values_;
};

}  // namespace miai
