// The loop of max_pool2d, one an instruction set (max_pool2d.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

struct MaxPoolLoops {
  /// y[j] becomes x[j * step] and at[j] index + j * step where that is larger than y[j], or NaN; a NaN in y
  /// stays.
  void (*take_larger)(const float* x, int64_t step, int64_t count, int32_t index, float* y, int32_t* at);
};

namespace baseline {
extern const MaxPoolLoops max_pool_loops;
}
namespace avx2 {
extern const MaxPoolLoops max_pool_loops;
}
namespace avx512 {
extern const MaxPoolLoops max_pool_loops;
}

}  // namespace miai::kernels
