// What a call costs: operations, and bytes read and written.
#pragma once
#include "graph/ops/op_def.h"

namespace miai {

/// Bytes of all operands, and the operations that the operator counts: its own `cost` where it has one, the
/// instructions of a pointwise expression for each element; 0 where nobody counts them.
Cost op_cost(const OpDef& op, const Attrs& attrs, std::span<const TensorMeta> inputs,
             std::span<const TensorMeta> outputs);

/// About how long that takes, on the machine that the model knows.
double estimated_seconds(const Cost& cost);

/// Bytes of the operands that are present.
double operand_bytes(std::span<const TensorMeta> inputs, std::span<const TensorMeta> outputs);

}  // namespace miai
