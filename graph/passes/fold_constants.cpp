#include "graph/passes/evaluate.h"
#include "graph/passes/pass.h"
#include "graph/passes/rebuild.h"

namespace miai {
namespace {

/// What is folded may be this much larger than what it was made of.
constexpr size_t kMostGrowth = 4096;
constexpr size_t kLargest = size_t{64} << 20;

bool may_fold(const Node& node) {
  if (node.op->random || node.op->effect || !node.bodies.empty() || node.outputs.empty()) return false;
  size_t before = 0, after = 0;
  for (const Value* value : node.inputs) {
    if (value && !value->constant) return false;
    before += value ? value->constant->bytes : 0;
  }
  for (const Value* value : node.outputs) {
    if (!is_static(value->type.shape)) return false;
    after +=
        static_cast<size_t>(element_count(static_shape(value->type.shape))) * dtype_size(value->type.dtype);
  }
  return after <= before + kMostGrowth && after <= kLargest;
}

}  // namespace

FunctionPtr fold_constants(const Function& function, const PassOptions&) {
  Rebuild rebuild(function);
  for (const Node* node : function.nodes) {
    Node* made = rebuild.copy(*node);  // its operands may have been folded just now
    std::optional<std::vector<ConstantData>> folded;
    if (may_fold(*made)) folded = evaluate_node(*made);
    if (!folded) continue;
    rebuild.to().nodes.pop_back();
    for (size_t i = 0; i < node->outputs.size(); ++i)
      rebuild.replace(node->outputs[i], rebuild.to().add_constant(node->outputs[i]->type, (*folded)[i]));
  }
  return rebuild.finish();
}

}  // namespace miai
