// Attributes of operators that index by integer tensors.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

/// index, index_add, index_set.
struct IndexAttrs {
  Ints axes;
  static auto fields() {
    return std::tuple{field("axes", &IndexAttrs::axes, "rising axes that the index tensors apply to")};
  }
};

struct EmbeddingAttrs {
  std::optional<int64_t> padding_idx;
  static auto fields() {
    return std::tuple{field("padding_idx", &EmbeddingAttrs::padding_idx, "a row that gets no gradient")};
  }
};

struct EmbeddingBackwardAttrs {
  Dim num_embeddings = 0;
  std::optional<int64_t> padding_idx;
  static auto fields() {
    return std::tuple{
        field("num_embeddings", &EmbeddingBackwardAttrs::num_embeddings, "rows of the weight"),
        field("padding_idx", &EmbeddingBackwardAttrs::padding_idx, "a row that gets no gradient")};
  }
};

struct OneHotAttrs {
  Dim num_classes = 0;
  static auto fields() {
    return std::tuple{field("num_classes", &OneHotAttrs::num_classes, "size of the new last axis")};
  }
};

}  // namespace miai
