#include "kernels/x86/softmax.h"

#include <bit>
#include <cmath>

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

#include "kernels/x86/float_math.h"

constexpr int kWide = kLanes<float>;
constexpr int64_t kBlock = 512;

/// The greatest element; NaN if there is one.
float greatest(const float* x, int64_t n) {
  float best = -INFINITY;
  int64_t i = 0;
  if (n >= kWide) {
    Floats wide = splat(best);
    for (; i + kWide <= n; i += kWide) {
      Floats v = load(x + i);
      wide = (v > wide) | (v != v) ? v : wide;
    }
    for (int k = 0; k < kWide; ++k) best = (wide[k] > best) | (wide[k] != wide[k]) ? wide[k] : best;
  }
  for (; i < n; ++i) best = (x[i] > best) | (x[i] != x[i]) ? x[i] : best;
  return best;
}

double total(const float* x, int64_t n) {
  Floats wide = {};
  int64_t i = 0;
  for (; i + kWide <= n; i += kWide) wide += load(x + i);
  float tail = 0;
  for (; i < n; ++i) tail += x[i];
  return sum_lanes(wide) + tail;
}

/// y = e^(x - shift); gives its sum.
double exponentials(const float* x, float* y, int64_t n, float shift) {
  for (int64_t i = 0; i < n; ++i) y[i] = float_math::exp(x[i] - shift);
  return total(y, n);
}

void row(const float* x, float* y, int64_t n, bool log) {
  float shift = greatest(x, n), buffer[kBlock];
  double sum = 0;
  for (int64_t i = 0; i < n; i += kBlock)
    sum += exponentials(x + i, log ? buffer : y + i, i + kBlock < n ? kBlock : n - i, shift);
  if (log) {
    auto log_sum = static_cast<float>(std::log(sum));
    for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - shift) - log_sum;
  } else {
    auto scale = static_cast<float>(1 / sum);
    for (int64_t i = 0; i < n; ++i) y[i] *= scale;
  }
}

void columns(const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t n, int count, bool log) {
  float shift[kSoftmaxColumns], sum[kSoftmaxColumns] = {};
  for (int j = 0; j < count; ++j) shift[j] = -INFINITY;
  for (int64_t i = 0; i < n; ++i)
    for (int j = 0; j < count; ++j) {
      float v = x[i * x_stride + j];
      shift[j] = (v > shift[j]) | (v != v) ? v : shift[j];
    }
  for (int64_t i = 0; i < n; ++i)
    for (int j = 0; j < count; ++j) {
      float e = float_math::exp(x[i * x_stride + j] - shift[j]);
      sum[j] += e;
      if (!log) y[i * y_stride + j] = e;
    }
  for (int j = 0; j < count; ++j) sum[j] = log ? float_math::log(sum[j]) : 1 / sum[j];
  for (int64_t i = 0; i < n; ++i)
    for (int j = 0; j < count; ++j) {
      float& to = y[i * y_stride + j];
      to = log ? (x[i * x_stride + j] - shift[j]) - sum[j] : to * sum[j];
    }
}

}  // namespace

extern const SoftmaxLoops softmax_loops;
const SoftmaxLoops softmax_loops = {row, columns};

}  // namespace miai::kernels::MIAI_ISA
