// Attributes of rms_norm.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct RmsNormAttrs {
  Dims normalized_shape;
  std::optional<double> eps;
  static auto fields() {
    return std::tuple{field("normalized_shape", &RmsNormAttrs::normalized_shape,
                            "sizes of the last axes, over which each sample is normalised"),
                      field("eps", &RmsNormAttrs::eps,
                            "added to the mean square; None for the smallest step from 1 of the dtype")};
  }
};

}  // namespace miai
