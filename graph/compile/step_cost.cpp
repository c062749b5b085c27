// About how long a step takes.
#include <algorithm>

#include "graph/compile/draft.h"

namespace miai {

double estimated_seconds(const Step& step) {
  constexpr double kFlopsPerSecond = 1e11, kBytesPerSecond = 2e10, kOverhead = 1e-6;
  std::vector<TensorMeta> inputs, outputs;
  double bytes = 0, flops = 0;
  for (const Place& place : step.inputs) inputs.push_back(place.meta);
  for (const Place& place : step.outputs) outputs.push_back(place.meta);
  for (const std::vector<TensorMeta>* metas : {&inputs, &outputs})
    for (const TensorMeta& meta : *metas)
      if (meta.present) bytes += static_cast<double>(byte_size(meta));
  if (step.node && step.node->op->cost) {
    Cost cost = step.node->op->cost(inputs, outputs, step.node->attrs);
    bytes = std::max(bytes, cost.bytes);
    flops = cost.flops;
  }
  return kOverhead + flops / kFlopsPerSecond + bytes / kBytesPerSecond;
}

}  // namespace miai
