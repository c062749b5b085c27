#include "graph/passes/pass.h"
#include "graph/passes/rebuild.h"
#include "kernels/common/error.h"
#include "runtime/backend.h"

namespace miai {
namespace {

bool needs_lowering(const Node& node) {
  if (!node.op->lower || node.op->is_pointwise() || node.outputs.empty()) return false;
  const Backend& device = backend(node.outputs[0]->type.device.kind);
  return device.kernels().find(device.kernel_kind, node.op->name).empty();
}

FunctionPtr lower_once(const Function& function) {
  Rebuild rebuild(function);
  for (const Node* node : function.nodes) {
    if (!needs_lowering(*node)) {
      rebuild.copy(*node);
      continue;
    }
    rebuild.replace_node(*node, [&] {
      Vars inputs;
      for (const Value* value : node->inputs) inputs.push_back(rebuild.var(value));
      return node->op->lower(inputs, node->attrs);
    });
  }
  return rebuild.finish();
}

}  // namespace

FunctionPtr lower(const Function& function, const PassOptions&) {
  constexpr int kDeepest = 32;  // composites of composites
  FunctionPtr current = function.clone();
  for (int depth = 0; depth < kDeepest; ++depth) {
    bool done = true;
    for (const Node* node : current->nodes) done &= !needs_lowering(*node);
    if (done) return current;
    current = lower_once(*current);
  }
  raise(ErrorKind::kRuntime, "lowering of '", function.name,
        "' does not end: an operator is lowered to itself");
}

}  // namespace miai
