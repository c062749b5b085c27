// Attributes of what fusion makes of an embedding's gradient and the program that reads it.
#pragma once
#include "kernels/common/attrs/index.h"
#include "kernels/common/attrs/pointwise.h"

namespace miai {

struct EmbeddingUpdateAttrs : EmbeddingBackwardAttrs {
  pointwise::Program program;
  static auto fields() {
    return std::tuple_cat(EmbeddingBackwardAttrs::fields(),
                          std::tuple{field("program", &EmbeddingUpdateAttrs::program,
                                           "scalar instructions, input 0 is the gradient")});
  }
};

}  // namespace miai
