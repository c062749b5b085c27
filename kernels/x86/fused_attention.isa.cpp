#include "kernels/x86/fused_attention.h"

#include <bit>
#include <cmath>

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

#include "kernels/x86/float_math.h"

constexpr int kWide = kLanes<float>;

void take(const AttentionPanel& panel, float* scores, int64_t keys) {
  for (int j = 0; j < panel.width; j += kWide) {
    Floats best = load(panel.greatest + j), total = {};
    const Floats before = best;
    for (int64_t k = 0; k < keys; ++k) {
      const Floats score = load(scores + k * panel.width + j);
      best = (score > best) | (score != score) ? score : best;
    }
    store(panel.greatest + j, best);
    const Floats shift = best == splat(-INFINITY) ? Floats{} : best;  // no key yet: -inf less it is no number
    for (int64_t k = 0; k < keys; ++k) {
      float* at = scores + k * panel.width + j;
      Floats e = load(at) - shift;
      for (int i = 0; i < kWide; ++i) e[i] = float_math::exp(e[i]);
      store(at, e);
      total += e;
    }
    Floats factor = before - shift;
    for (int i = 0; i < kWide; ++i) factor[i] = float_math::exp(factor[i]);
    store(panel.total + j, madd(load(panel.total + j), factor, total));
    for (int64_t f = 0; f < panel.features; ++f) {
      float* at = panel.sums + f * panel.width + j;
      store(at, load(at) * factor);
    }
  }
}

void write(const AttentionPanel& panel, int64_t queries, bool zeroes_dead, float* out, int64_t row,
           int64_t column) {
  for (int64_t i = 0; i < queries; ++i) {
    const bool is_dead = zeroes_dead && panel.total[i] == 0;
    const float scale = is_dead ? 0 : 1 / panel.total[i];
    for (int64_t f = 0; f < panel.features; ++f)
      out[i * row + f * column] = panel.sums[f * panel.width + i] * scale;
  }
}

}  // namespace

extern const AttentionLoops attention_loops;
const AttentionLoops attention_loops = {take, write};

}  // namespace miai::kernels::MIAI_ISA
