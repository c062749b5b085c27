// Loops of batch_norm, one table of them an instruction set (batch_norm.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

/// Elements of one channel: `runs` stretches of `length` elements without gaps, `stride` apart.
struct ChannelRuns {
  int64_t runs, length, stride;
};
/// Up to kColumns channels that lie beside each other in `rows` rows, `stride` apart.
struct ChannelColumns {
  static constexpr int kColumns = 16;
  int64_t rows, stride;
  int columns;
};

/// What one channel's elements are combined with: y = (x - mean) * scale + shift.
struct ChannelMap {
  float mean, scale, shift;
};
/// dx = dy * scale + (x - mean) * slope + shift.
struct ChannelGradMap {
  float mean, scale, slope, shift;
};

struct BatchNormLoops {
  // sums[0] += x - origin, sums[1] += (x - origin)^2
  void (*moments)(const float* x, ChannelRuns runs, float origin, double sums[2]);
  void (*apply)(const float* x, ChannelRuns in, float* y, ChannelRuns out, ChannelMap map);
  // sums[0] += dy, sums[1] += dy * (x - mean)
  void (*grad_sums)(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in, float mean,
                    double sums[2]);
  void (*grad_apply)(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in, float* dx,
                     ChannelRuns out, ChannelGradMap map);
  // The same over columns; sums[i] are those of column i.
  void (*column_moments)(const float* x, ChannelColumns columns, const float* origin, double (*sums)[2]);
  void (*column_apply)(const float* x, ChannelColumns in, float* y, int64_t out_stride,
                       const ChannelMap* maps);
  void (*column_grad_sums)(const float* dy, int64_t grad_stride, const float* x, ChannelColumns in,
                           const ChannelMap* maps, double (*sums)[2]);
  void (*column_grad_apply)(const float* dy, int64_t grad_stride, const float* x, ChannelColumns in,
                            float* dx, int64_t out_stride, const ChannelGradMap* maps);
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
