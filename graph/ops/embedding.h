// What the operators that make an embedding's gradient have in common.
#pragma once
#include "graph/ops/tables.h"
#include "kernels/common/attrs/index.h"

namespace miai::ops {

/// The shape of the gradient of embedding for inputs 0 (dy) and 1 (inp); raises if they do not fit.
Dims embedding_gradient_shape(const InferContext& c, const EmbeddingBackwardAttrs& attrs);

}  // namespace miai::ops
