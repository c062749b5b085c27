// Attributes of linear_bias_act; the activations that kernels of matmul and convolution can apply to their
// result.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

inline constexpr std::string_view kFusedActivations[] = {"identity", "relu", "relu6", "sigmoid", "tanh"};

struct ActivationAttrs {
  std::string activation = "identity";
  static auto fields() {
    return std::tuple{field("activation", &ActivationAttrs::activation,
                            "what is applied to the sum: identity, relu, relu6, sigmoid or tanh")};
  }
};

}  // namespace miai
