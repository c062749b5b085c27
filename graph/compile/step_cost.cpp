// What a step costs.
#include "graph/compile/draft.h"

namespace miai {
namespace {

std::optional<double> measured_seconds(const Step& step, KernelTimes& times) {
  if (!step.choice.kernel || !step.is_pure()) return std::nullopt;
  const Kernel& kernel = *step.choice.kernel;
  std::vector<TensorMeta> inputs = metas(step.inputs), outputs = metas(step.outputs);
  return times.seconds(kernel, {kernel.op, inputs, outputs, step.attrs, kernel.device, step.packed});
}

}  // namespace

std::vector<TensorMeta> metas(const std::vector<Place>& places) {
  std::vector<TensorMeta> list;
  for (const Place& place : places) list.push_back(place.meta);
  return list;
}

Cost step_cost(const Step& step) {
  std::vector<TensorMeta> inputs = metas(step.inputs), outputs = metas(step.outputs);
  if (!step.node) return {0, operand_bytes(inputs, outputs)};
  return op_cost(*step.node->op, step.node->attrs, inputs, outputs);
}

double step_seconds(const Step& step, KernelTimes* times) {
  std::optional<double> measured = times ? measured_seconds(step, *times) : std::nullopt;
  return measured ? *measured : estimated_seconds(step_cost(step));
}

}  // namespace miai
