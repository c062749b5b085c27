#include "kernels/x86/pool2d.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

MIAI_INLINE void take_larger_by(const float* x, int64_t step, int64_t count, int32_t index,
                                float* __restrict y, int32_t* __restrict at) {
  for (int64_t j = 0; j < count; ++j) {
    float value = x[j * step], best = y[j];
    bool takes = !(value <= best) & (best == best);
    y[j] = takes ? value : best;
    at[j] = takes ? index + static_cast<int32_t>(j * step) : at[j];
  }
}

void take_larger(const float* x, int64_t step, int64_t count, int32_t index, float* y, int32_t* at) {
  if (step == 1) return take_larger_by(x, 1, count, index, y, at);
  if (step == 2) return take_larger_by(x, 2, count, index, y, at);
  take_larger_by(x, step, count, index, y, at);
}

void take_larger_here(const float* x, int64_t count, int32_t index, float* __restrict y,
                      int32_t* __restrict at) {
  for (int64_t j = 0; j < count; ++j) {
    float value = x[j], best = y[j];
    bool takes = !(value <= best) & (best == best);
    y[j] = takes ? value : best;
    at[j] = takes ? index : at[j];
  }
}

void add(const float* x, int64_t count, float scale, float* __restrict y) {
  for (int64_t j = 0; j < count; ++j) y[j] = madd(x[j], scale, y[j]);
}

}  // namespace

extern const PoolLoops pool_loops;
const PoolLoops pool_loops = {take_larger, take_larger_here, add};

}  // namespace miai::kernels::MIAI_ISA
