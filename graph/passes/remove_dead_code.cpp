#include <unordered_set>

#include "graph/passes/pass.h"
#include "graph/passes/rebuild.h"

namespace miai {

FunctionPtr remove_dead_code(const Function& function, const PassOptions& options) {
  std::unordered_set<const Value*> read(function.outputs.begin(), function.outputs.end());
  for (const State& state : function.states) read.insert(state.output);
  std::unordered_set<const Node*> live;
  auto is_live = [&](const Node& node) {
    if (node.op->effect || (options.opt_level == 0 && node.op->checks_values)) return true;
    for (const Value* value : node.outputs)
      if (read.count(value)) return true;
    return false;
  };
  for (auto it = function.nodes.rbegin(); it != function.nodes.rend(); ++it) {
    if (!is_live(**it)) continue;
    live.insert(*it);
    read.insert((*it)->inputs.begin(), (*it)->inputs.end());
  }
  Rebuild rebuild(function);
  for (const Node* node : function.nodes)
    if (live.count(node)) rebuild.copy(*node);
  return rebuild.finish();
}

}  // namespace miai
