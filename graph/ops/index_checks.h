// What the operators on integer index tensors check alike, and the gradient rules that they share.
#pragma once
#include "graph/ir/emitter.h"
#include "graph/ops/op_def.h"

namespace miai {

/// Checks the index tensors, inputs `first` and on, and the axes; gives the shape that indexing input 0
/// gives.
Dims check_indices(InferContext& context, int first);

/// 0, 1, 2, ... in row-major order, int64.
Var iota(const Dims& shape, Device device);

}  // namespace miai
