// The loops of pooling, one table of them an instruction set (pool2d.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

struct PoolLoops {
  /// y[j] becomes x[j * step] and at[j] index + j * step where that is larger than y[j], or NaN; a NaN in y
  /// stays.
  void (*take_larger)(const float* x, int64_t step, int64_t count, int32_t index, float* y, int32_t* at);
  /// The same for x[j] and the index that all share.
  void (*take_larger_here)(const float* x, int64_t count, int32_t index, float* y, int32_t* at);
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
