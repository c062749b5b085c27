// Attributes of clip.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct ClipAttrs {
  std::optional<double> lower, upper;
  static auto fields() {
    return std::tuple{field("lower", &ClipAttrs::lower, "least value; None for no bound"),
                      field("upper", &ClipAttrs::upper, "greatest value; None for no bound")};
  }
};

/// Attributes of leaky_relu.
struct SlopeAttrs {
  double negative_slope = 0.01;
  static auto fields() {
    return std::tuple{field("negative_slope", &SlopeAttrs::negative_slope, "slope below 0")};
  }
};

}  // namespace miai
