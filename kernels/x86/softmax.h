// Loops of softmax and log_softmax, one table of them an instruction set (softmax.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

inline constexpr int kSoftmaxColumns = 64;  // columns that are worked on side by side, at most

struct SoftmaxLoops {
  /// n elements that follow one another; y may be x.
  void (*row)(const float* x, float* y, int64_t n, bool log);
  /// Lines of n elements, `stride` apart, beside one another.
  void (*columns)(const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t n, int columns,
                  bool log);
};

namespace baseline {
extern const SoftmaxLoops softmax_loops;
}
namespace avx2 {
extern const SoftmaxLoops softmax_loops;
}
namespace avx512 {
extern const SoftmaxLoops softmax_loops;
}

}  // namespace miai::kernels
