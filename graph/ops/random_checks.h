// What the random operators check alike.
#pragma once
#include "graph/ops/op_def.h"

namespace miai {

/// Input i is a generator's state: int64[2].
void check_random_state(const InferContext& context, int i);
/// No negative size, and a number of elements that fits.
void check_sizes(const InferContext& context, const Dims& shape);

}  // namespace miai
