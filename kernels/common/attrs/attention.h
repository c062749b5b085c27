// Attributes of scaled_dot_product_attention and of attention_weights.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct AttentionAttrs {
  bool is_causal = false;
  std::optional<double> scale;
  static auto fields() {
    return std::tuple{
        field("is_causal", &AttentionAttrs::is_causal, "query i takes part in keys 0 to i alone"),
        field("scale", &AttentionAttrs::scale, "factor of the products; None for 1 / sqrt(features)")};
  }
};

}  // namespace miai
