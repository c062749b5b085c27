// What a step costs.
#include "graph/compile/draft.h"

namespace miai {

Cost step_cost(const Step& step) {
  std::vector<TensorMeta> inputs, outputs;
  for (const Place& place : step.inputs) inputs.push_back(place.meta);
  for (const Place& place : step.outputs) outputs.push_back(place.meta);
  if (!step.node) return {0, operand_bytes(inputs, outputs)};
  return op_cost(*step.node->op, step.node->attrs, inputs, outputs);
}

}  // namespace miai
