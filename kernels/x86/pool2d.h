// The loops of pooling, one table of them an instruction set (pool2d.isa.cpp).
#pragma once
#include <cstdint>

#include "kernels/common/dtype.h"

namespace miai::kernels {

/// The pixels of one window: rows x columns of them, `index` is that of the first.
template <class T>
struct PoolWindow {
  const T* first;
  int64_t row, pixel;  // elements from one row to the next, from one pixel to the next
  int64_t rows, columns;
  int32_t index, width;  // of the image
};
template <class T>
using Largest = void (*)(const PoolWindow<T>& window, int64_t channels, T* y, int32_t* at);

struct PoolLoops {
  /// y[j] becomes x[j * step] and at[j] index + j * step where that is larger than y[j], or NaN; a NaN in y
  /// stays.
  void (*take_larger)(const float* x, int64_t step, int64_t count, int32_t index, float* y, int32_t* at);
  /// Of the pixels of a window, channel by channel, the largest value and its pixel's index: the first one of
  /// equal ones, or the first NaN.
  Largest<float> largest;
  Largest<BFloat16> largest_bfloat16;
  /// y[j] += x[j] * scale
  void (*add)(const float* x, int64_t count, float scale, float* y);
};

/// IndexError: an index of a maximum outside of an image of `size` elements.
[[noreturn]] void raise_pool_index(const char* op, int64_t size, int32_t index);

const PoolLoops& pool_loops();  // of the current instruction set

namespace baseline {
extern const PoolLoops pool_loops;
}
namespace avx2 {
extern const PoolLoops pool_loops;
}
namespace avx512 {
extern const PoolLoops pool_loops;
}

}  // namespace miai::kernels
