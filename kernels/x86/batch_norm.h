// Loops of batch_norm, one table of them an instruction set (batch_norm.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

/// Elements of one channel: `runs` stretches of `length` elements without gaps, `stride` apart.
struct ChannelRuns {
  int64_t runs, length, stride;
};
/// Rows of one element a channel, without gaps, `stride` apart.
struct ChannelRows {
  int64_t rows, channels, stride;
  ChannelRows part(int64_t begin, int64_t end) const { return {end - begin, channels, stride}; }
};

/// What elements are combined with: y = (x - mean) * scale + shift. Of one channel, or arrays with one value
/// a channel.
template <class T>
struct ChannelMap {
  T mean, scale, shift;
};
/// dx = dy * scale + (x - mean) * slope + shift.
template <class T>
struct ChannelGradMap {
  T scale, slope, shift;
};

/// An activation as the range that it clamps its input to; outside of it, the gradient is 0.
struct Clamp {
  bool clamps;
  float low, high;
};

struct BatchNormLoops {
  // sums[0] += x - origin, sums[1] += (x - origin)^2
  void (*run_moments)(const float* x, ChannelRuns runs, float origin, double sums[2]);
  // y = clamp(map(x) + z); z may be null
  void (*run_apply)(const float* x, ChannelRuns in, const float* z, ChannelRuns added, float* y,
                    ChannelRuns out, ChannelMap<float> map, Clamp clamp);
  // g is dy, or 0 where map(x) is clamped: sums[0] += g, sums[1] += g * (x - mean)
  void (*run_grad_sums)(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in,
                        ChannelMap<float> map, Clamp clamp, double sums[2]);
  void (*run_grad_apply)(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in, float* dx,
                         ChannelRuns out, ChannelMap<float> map, Clamp clamp, ChannelGradMap<float> grad_map);

  // The same for all channels of rows; the two sums of channel c are first[c] and second[c].
  void (*row_moments)(const float* x, ChannelRows rows, const float* origin, double* first, double* second);
  void (*row_apply)(const float* x, ChannelRows in, const float* z, int64_t z_stride, float* y,
                    int64_t y_stride, ChannelMap<const float*> map, Clamp clamp);
  void (*row_grad_sums)(const float* dy, int64_t dy_stride, const float* x, ChannelRows in,
                        ChannelMap<const float*> map, Clamp clamp, double* first, double* second);
  void (*row_grad_apply)(const float* dy, int64_t dy_stride, const float* x, ChannelRows in, float* dx,
                         int64_t dx_stride, ChannelMap<const float*> map, Clamp clamp,
                         ChannelGradMap<const float*> grad_map);
};

namespace baseline {
extern const BatchNormLoops batch_norm_loops;
}
namespace avx2 {
extern const BatchNormLoops batch_norm_loops;
}
namespace avx512 {
extern const BatchNormLoops batch_norm_loops;
}

}  // namespace miai::kernels
