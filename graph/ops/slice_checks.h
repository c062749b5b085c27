// What slice and set_slice check of their attributes.
#pragma once
#include "graph/ops/op_def.h"

namespace miai {

/// One entry an axis, strides not 0, and the elements within the axis as far as the sizes are known. Gives
/// the shape of the slice.
Dims check_slice(const InferContext& context, const Dims& shape);

}  // namespace miai
