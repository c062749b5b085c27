// What gather, scatter and scatter_add check of their index.
#pragma once
#include "graph/ops/op_def.h"

namespace miai {

/// Input 1 is an integer tensor of input 0's rank, nowhere larger than it but along the axis.
void check_gather_index(const InferContext& context);

}  // namespace miai
