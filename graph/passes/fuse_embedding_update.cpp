#include <algorithm>
#include <unordered_set>

#include "graph/ops/tables.h"
#include "graph/passes/pass.h"
#include "graph/passes/rebuild.h"
#include "kernels/common/attrs/embedding_update.h"
#include "runtime/backend.h"

namespace miai {
namespace {

class Gradients {
 public:
  explicit Gradients(const Function& function) : users_(users_of(function)) {
    results_.insert(function.outputs.begin(), function.outputs.end());
    for (const State& state : function.states) results_.insert(state.output);
  }
  /// The input of the program that is an embedding's gradient which nothing else reads; -1: none.
  int read_by(const Node& program) const {
    if (program.op->name != "pointwise") return -1;
    auto found = std::find_if(program.inputs.begin(), program.inputs.end(),
                              [&](const Value* value) { return may_fuse(*value, program); });
    return found == program.inputs.end() ? -1 : static_cast<int>(found - program.inputs.begin());
  }

 private:
  bool may_fuse(const Value& gradient, const Node& program) const {
    return gradient.producer && gradient.producer->op->name == "embedding_backward" &&
           users_[static_cast<size_t>(gradient.id)].size() == 1 && !results_.contains(&gradient) &&
           gradient.type.shape == program.outputs[0]->type.shape &&
           has_kernel("embedding_update", gradient.type.device);
  }

  std::vector<std::vector<Node*>> users_;
  std::unordered_set<const Value*> results_;
};

/// The gradient becomes input 0 of the program, and what was before it moves up by one.
pointwise::Program with_gradient_first(pointwise::Program program, int gradient) {
  for (pointwise::Instruction& load : program.code) {
    if (load.opcode != pointwise::Opcode::kInput || load.index > gradient) continue;
    load.index = load.index == gradient ? 0 : load.index + 1;
  }
  return program;
}

Vars build(Rebuild& rebuild, const Node& program, int gradient) {
  const Node& backward = *program.inputs[static_cast<size_t>(gradient)]->producer;
  Vars inputs = {rebuild.var(backward.inputs[0]), rebuild.var(backward.inputs[1])};
  for (size_t i = 0; i < program.inputs.size(); ++i)
    if (static_cast<int>(i) != gradient) inputs.push_back(rebuild.var(program.inputs[i]));
  EmbeddingUpdateAttrs attrs{backward.attrs.as<EmbeddingBackwardAttrs>(),
                             with_gradient_first(program.attrs.as<PointwiseAttrs>().program, gradient)};
  return emit(find_op("embedding_update"), make_attrs(std::move(attrs)), inputs);
}

}  // namespace

FunctionPtr fuse_embedding_update(const Function& function, const PassOptions&) {
  Rebuild rebuild(function);
  Gradients gradients(function);
  for (const Node* node : function.nodes) {
    const int gradient = gradients.read_by(*node);
    if (gradient < 0)
      rebuild.copy(*node);  // the gradient is dead code in a moment
    else
      rebuild.replace_node(*node, [&] { return build(rebuild, *node, gradient); });
  }
  return rebuild.finish();
}

}  // namespace miai
