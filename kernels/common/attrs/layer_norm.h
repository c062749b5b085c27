// Attributes of layer_norm and of its gradient.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct LayerNormAttrs {
  Dims normalized_shape;
  double eps = 1e-5;
  static auto fields() {
    return std::tuple{field("normalized_shape", &LayerNormAttrs::normalized_shape,
                            "sizes of the last axes, over which each sample is normalised"),
                      field("eps", &LayerNormAttrs::eps, "added to the variance")};
  }
};

struct LayerNormGradAttrs {
  Dims normalized_shape;
  static auto fields() {
    return std::tuple{field("normalized_shape", &LayerNormGradAttrs::normalized_shape,
                            "sizes of the last axes, over which each sample is normalised")};
  }
};

}  // namespace miai
