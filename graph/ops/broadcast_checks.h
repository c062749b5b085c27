// What operators check of an input that is repeated to a shape which others give.
#pragma once
#include "graph/ops/op_def.h"

namespace miai {

/// Raises ValueError unless input i broadcasts to `shape`.
void check_broadcasts_to(const InferContext& context, int i, const Dims& shape);

}  // namespace miai
