// The activations of fused operators, one element at a time.
#pragma once
#include <cmath>
#include <string>

namespace miai::kernels::reference {

inline double activate(const std::string& activation, double x) {
  if (activation == "relu") return x < 0 ? 0 : x;  // NaN stays
  if (activation == "relu6") return x < 0 ? 0 : x > 6 ? 6 : x;
  if (activation == "sigmoid") return 1 / (1 + std::exp(-x));
  if (activation == "tanh") return std::tanh(x);
  return x;
}

}  // namespace miai::kernels::reference
