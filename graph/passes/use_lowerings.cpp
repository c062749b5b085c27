#include <algorithm>

#include "graph/passes/pass.h"
#include "graph/passes/rebuild.h"

namespace miai {

FunctionPtr use_lowerings(const Function& function) {
  auto is_lowered = [](const Node* node) { return !node->lowered.empty(); };
  if (std::none_of(function.nodes.begin(), function.nodes.end(), is_lowered)) return nullptr;
  Rebuild rebuild(function);
  for (const Node* node : function.nodes) {
    if (!is_lowered(node)) {
      rebuild.copy(*node);
      continue;
    }
    for (size_t i = 0; i < node->outputs.size(); ++i)
      rebuild.replace(node->outputs[i], rebuild(node->lowered[i]));
  }
  return rebuild.finish();
}

}  // namespace miai
