// Loops of layer_norm, one table of them an instruction set (layer_norm.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

struct LayerNormStatistics {
  float mean, rstd;
};

struct LayerNormLoops {
  /// weight and bias may be null.
  LayerNormStatistics (*forward)(const float* x, const float* weight, const float* bias, float* y, int64_t n,
                                 double eps);
  /// Adds to dweight and dbias.
  void (*backward)(const float* dy, const float* x, const float* weight, LayerNormStatistics statistics,
                   float* dx, double* dweight, double* dbias, int64_t n);
};

namespace baseline {
extern const LayerNormLoops layer_norm_loops;
}
namespace avx2 {
extern const LayerNormLoops layer_norm_loops;
}
namespace avx512 {
extern const LayerNormLoops layer_norm_loops;
}

}  // namespace miai::kernels
