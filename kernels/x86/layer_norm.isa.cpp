#include "kernels/x86/layer_norm.h"

#include <cmath>

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;
constexpr int64_t kBlock = 1024;  // elements that are summed in float before they go to double

/// The sum of term(i) for i < n; `wide` gives the terms of i .. i + kWide - 1.
template <class Wide, class Term>
MIAI_INLINE double sum_of(int64_t n, Wide&& wide, Term&& term) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    int64_t end = begin + kBlock < n ? begin + kBlock : n, i = begin;
    Floats parts[2] = {};
    for (; i + 2 * kWide <= end; i += 2 * kWide)
      for (int k = 0; k < 2; ++k) parts[k] += wide(i + k * kWide);
    float tail = 0;
    for (; i < end; ++i) tail += term(i);
    total += sum_lanes(parts[0] + parts[1]) + tail;
  }
  return total;
}

LayerNormStatistics forward(const float* x, const float* weight, const float* bias, float* y, int64_t n,
                            double eps) {
  auto count = static_cast<double>(n);
  double mean = sum_of(
                    n, [&](int64_t i) __attribute__((always_inline)) { return load(x + i); },
                    [&](int64_t i) __attribute__((always_inline)) { return x[i]; }) /
                count;
  auto middle = static_cast<float>(mean);
  double var = sum_of(
      n,
      [&](int64_t i) __attribute__((always_inline)) {
        Floats d = load(x + i) - middle;
        return d * d;
      },
      [&](int64_t i) __attribute__((always_inline)) { return (x[i] - middle) * (x[i] - middle); });
  double rest = mean - middle;
  auto rstd = static_cast<float>(1 / std::sqrt(var / count - rest * rest + eps));
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - middle) * rstd;
  if (weight)
    for (int64_t i = 0; i < n; ++i) y[i] *= weight[i];
  if (bias)
    for (int64_t i = 0; i < n; ++i) y[i] += bias[i];
  return {middle, rstd};
}

/// The gradient of one sample; kWeighted: there is a weight.
template <bool kWeighted>
void backward_of(const float* dy, const float* x, const float* weight, LayerNormStatistics s, float* dx,
                 double* dweight, double* dbias, int64_t n) {
  auto wide = [&](int64_t i) __attribute__((always_inline)) {
    return kWeighted ? load(dy + i) * load(weight + i) : load(dy + i);
  };
  auto scaled = [&](int64_t i)
                    __attribute__((always_inline)) { return kWeighted ? dy[i] * weight[i] : dy[i]; };
  double sum = sum_of(n, wide, scaled);
  double product = sum_of(
      n,
      [&](int64_t i) __attribute__((always_inline)) { return wide(i) * ((load(x + i) - s.mean) * s.rstd); },
      [&](int64_t i) __attribute__((always_inline)) { return scaled(i) * ((x[i] - s.mean) * s.rstd); });
  auto shift = static_cast<float>(sum / static_cast<double>(n));
  auto slope = static_cast<float>(product / static_cast<double>(n));
  for (int64_t i = 0; i < n; ++i) {
    float normal = (x[i] - s.mean) * s.rstd;
    dweight[i] += dy[i] * normal;
    dbias[i] += dy[i];
    dx[i] = (scaled(i) - shift - normal * slope) * s.rstd;
  }
}

void backward(const float* dy, const float* x, const float* weight, LayerNormStatistics s, float* dx,
              double* dweight, double* dbias, int64_t n) {
  if (weight)
    backward_of<true>(dy, x, weight, s, dx, dweight, dbias, n);
  else
    backward_of<false>(dy, x, weight, s, dx, dweight, dbias, n);
}

}  // namespace

extern const LayerNormLoops layer_norm_loops;
const LayerNormLoops layer_norm_loops = {forward, backward};

}  // namespace miai::kernels::MIAI_ISA
