// Attributes of fused_attention.
#pragma once
#include <limits>

#include "kernels/common/attrs/attrs.h"

namespace miai {

struct FusedAttentionAttrs {
  double scale = 1;
  double fill = -std::numeric_limits<double>::infinity();
  bool zeroes_dead = false;
  static auto fields() {
    return std::tuple{field("scale", &FusedAttentionAttrs::scale, "factor of the products"),
                      field("fill", &FusedAttentionAttrs::fill, "the score where 'keep' is false"),
                      field("zeroes_dead", &FusedAttentionAttrs::zeroes_dead,
                            "zeros for a query whose every score is -inf, in place of NaN")};
  }
};

}  // namespace miai
