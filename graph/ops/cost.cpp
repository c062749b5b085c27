#include "graph/ops/cost.h"

#include <algorithm>

#include "graph/ops/pointwise.h"
#include "kernels/common/attrs/pointwise.h"

namespace miai {
namespace {

/// Of operators that the one pointwise kernel runs; 0: of others.
double pointwise_flops(const OpDef& op, const Attrs& attrs, std::span<const TensorMeta> inputs,
                       std::span<const TensorMeta> outputs) {
  KernelCall call = kernel_call(op, attrs, inputs, outputs);
  if (call.op != "pointwise") return 0;
  return operation_count(call.attrs.as<PointwiseAttrs>().program) * static_cast<double>(outputs[0].size());
}

}  // namespace

double operand_bytes(std::span<const TensorMeta> inputs, std::span<const TensorMeta> outputs) {
  double bytes = 0;
  for (std::span<const TensorMeta> metas : {inputs, outputs})
    for (const TensorMeta& meta : metas)
      if (meta.present) bytes += static_cast<double>(byte_size(meta));
  return bytes;
}

Cost op_cost(const OpDef& op, const Attrs& attrs, std::span<const TensorMeta> inputs,
             std::span<const TensorMeta> outputs) {
  double bytes = operand_bytes(inputs, outputs);
  if (outputs.empty()) return {0, bytes};  // a check of what an operator is about to read
  if (!op.cost) return {pointwise_flops(op, attrs, inputs, outputs), bytes};
  Cost cost = op.cost(inputs, outputs, attrs);
  return {cost.flops, std::max(bytes, cost.bytes)};
}

double estimated_seconds(const Cost& cost) {
  constexpr double kFlopsPerSecond = 1e11, kBytesPerSecond = 2e10, kOverhead = 1e-6;
  return kOverhead + cost.flops / kFlopsPerSecond + cost.bytes / kBytesPerSecond;
}

}  // namespace miai
