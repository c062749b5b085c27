// What fused operators do to a row of sums: add a bias and a residual, apply the activation.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

namespace miai::kernels {

enum class Activation { kIdentity, kRelu, kRelu6, kSigmoid, kTanh };

inline Activation activation_of(std::string_view name) {
  if (name == "relu") return Activation::kRelu;
  if (name == "relu6") return Activation::kRelu6;
  if (name == "sigmoid") return Activation::kSigmoid;
  return name == "tanh" ? Activation::kTanh : Activation::kIdentity;
}

/// An activation as bounds that a sum is held between, and what these cannot say, to be applied afterwards.
struct Bounds {
  float least = -std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::infinity();
  Activation after = Activation::kIdentity;
};
inline Bounds bounds_of(Activation activation) {
  Bounds bounds;
  if (activation == Activation::kRelu || activation == Activation::kRelu6) bounds.least = 0;
  if (activation == Activation::kRelu6) bounds.most = 6;
  if (activation == Activation::kSigmoid || activation == Activation::kTanh) bounds.after = activation;
  return bounds;
}

template <class T>
void activate(Activation activation, T* y, int64_t n) {
  switch (activation) {
    case Activation::kIdentity:
      return;
    case Activation::kRelu:
      for (int64_t i = 0; i < n; ++i) y[i] = y[i] < 0 ? 0 : y[i];  // NaN stays
      return;
    case Activation::kRelu6:
      for (int64_t i = 0; i < n; ++i) {
        T low = y[i] < 0 ? 0 : y[i];
        y[i] = low > 6 ? 6 : low;
      }
      return;
    case Activation::kSigmoid:
      for (int64_t i = 0; i < n; ++i) y[i] = 1 / (1 + std::exp(-y[i]));
      return;
    case Activation::kTanh:
      for (int64_t i = 0; i < n; ++i) y[i] = std::tanh(y[i]);
      return;
  }
}

}  // namespace miai::kernels
