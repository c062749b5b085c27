// What fused operators do to a row of sums: add a bias and a residual, apply the activation.
#pragma once
#include <cmath>
#include <cstdint>
#include <string_view>

namespace miai::kernels {

enum class Activation { kIdentity, kRelu, kRelu6, kSigmoid, kTanh };

inline Activation activation_of(std::string_view name) {
  if (name == "relu") return Activation::kRelu;
  if (name == "relu6") return Activation::kRelu6;
  if (name == "sigmoid") return Activation::kSigmoid;
  return name == "tanh" ? Activation::kTanh : Activation::kIdentity;
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
