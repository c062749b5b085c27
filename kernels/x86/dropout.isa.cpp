#include "kernels/x86/dropout.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));
typedef uint32_t LooseWords __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
constexpr int kLanes32 = kVectorBytes / 4;
constexpr int kGroup = 16;  // elements: two bytes of bits, whole vectors of each instruction set
static_assert(kGroup % kLanes32 == 0);

/// Bit i: lane i is at most `largest`.
MIAI_INLINE unsigned at_most(Words words, uint32_t largest) {
  Words limit = Words{} + largest;
#if defined(__AVX512F__)
  return _mm512_cmple_epu32_mask((__m512i)words, (__m512i)limit);
#elif defined(__AVX2__)
  return static_cast<unsigned>(_mm256_movemask_ps((__m256)(words <= limit)));
#else
  return static_cast<unsigned>(_mm_movemask_ps((__m128)(words <= limit)));
#endif
}

void compare(const uint32_t* words, uint64_t threshold, int64_t count, uint8_t* bits) {
  const auto largest = static_cast<uint32_t>(threshold - 1);
  for (int64_t i = 0; i < count; i += kGroup) {
    unsigned group = 0;
    for (int j = 0; j < kGroup; j += kLanes32)
      group |= at_most(*reinterpret_cast<const LooseWords*>(words + i + j), largest) << j;
    if (threshold == 0) group = 0;
    if (count - i < kGroup) group &= (1u << (count - i)) - 1;
    bits[i / 8] = static_cast<uint8_t>(group);
    if (count - i > 8) bits[i / 8 + 1] = static_cast<uint8_t>(group >> 8);
  }
}

/// The lanes of x whose bit is set, 0 in the others.
MIAI_INLINE Floats where_set(unsigned bits, Floats x) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_mov_ps(static_cast<__mmask16>(bits), (__m512)x);
#else
  static constexpr uint32_t kBits[] = {1, 2, 4, 8, 16, 32, 64, 128};
  Words chosen = (Words{} + bits) & *reinterpret_cast<const LooseWords*>(kBits);
  return (Floats)((Words)x & (Words)(chosen != 0));
#endif
}

void apply(const float* x, const uint8_t* bits, float scale, int64_t count, float* y) {
  int64_t i = 0;
  for (; i + kGroup <= count; i += kGroup) {
    unsigned group = bits[i / 8] | unsigned{bits[i / 8 + 1]} << 8;
    for (int j = 0; j < kGroup; j += kLanes32)
      store(y + i + j, where_set(group >> j, load(x + i + j) * splat(scale)));
  }
  for (; i < count; ++i) y[i] = bits[i / 8] >> (i % 8) & 1 ? x[i] * scale : 0.0f;
}

}  // namespace

extern const DropoutLoops dropout_loops;
constexpr DropoutLoops dropout_loops = {compare, apply};

}  // namespace miai::kernels::MIAI_ISA
