// Attributes of batch_norm, of what fusion makes of it, and of their gradients.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct BatchNormAttrs {
  bool training = false;
  double momentum = 0.9;
  double eps = 1e-5;
  static auto fields() {
    return std::tuple{
        field("training", &BatchNormAttrs::training, "normalise by the batch's own mean and variance"),
        field("momentum", &BatchNormAttrs::momentum, "share of the running statistics that is kept"),
        field("eps", &BatchNormAttrs::eps, "added to the variance")};
  }
};

struct BatchNormGradAttrs {
  bool training = false;
  static auto fields() {
    return std::tuple{
        field("training", &BatchNormGradAttrs::training, "mean and rstd are functions of the input")};
  }
};

/// What batch_norm_act can apply to its result: activations that clamp it to a range.
inline constexpr std::string_view kClampingActivations[] = {"identity", "relu", "relu6"};

struct BatchNormActAttrs : BatchNormAttrs {
  std::string activation = "identity";
  static auto fields() {
    return std::tuple_cat(BatchNormAttrs::fields(),
                          std::tuple{field("activation", &BatchNormActAttrs::activation,
                                           "what is applied to the result: identity, relu or relu6")});
  }
};

struct BatchNormApplyAttrs {
  std::string activation = "identity";
  static auto fields() {
    return std::tuple{field("activation", &BatchNormApplyAttrs::activation,
                            "what is applied to the result: identity, relu or relu6")};
  }
};

struct BatchNormActGradAttrs : BatchNormGradAttrs {
  std::string activation = "identity";
  static auto fields() {
    return std::tuple_cat(BatchNormGradAttrs::fields(),
                          std::tuple{field("activation", &BatchNormActGradAttrs::activation,
                                           "what was applied to the result: identity, relu or relu6")});
  }
};

/// The dtype of mean, variance, weight and bias: float32 for 16-bit inputs.
inline DType statistics_dtype(DType input) { return input == DType::kFloat64 ? input : DType::kFloat32; }

}  // namespace miai
