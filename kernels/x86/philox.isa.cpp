#include "kernels/x86/philox.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

typedef uint64_t Wide __attribute__((vector_size(kVectorBytes)));  // a 32-bit word in the low half of a lane
typedef uint64_t LooseWide __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
constexpr int kWide = kVectorBytes / 8;

/// Products of the low halves.
MIAI_INLINE Wide multiply(Wide a, uint32_t b) {
  Wide factor = Wide{} + b;
#if defined(__AVX512F__)
  return (Wide)_mm512_mul_epu32((__m512i)a, (__m512i)factor);
#elif defined(__AVX2__)
  return (Wide)_mm256_mul_epu32((__m256i)a, (__m256i)factor);
#else
  return (Wide)_mm_mul_epu32((__m128i)a, (__m128i)factor);
#endif
}

/// kWide blocks from `first` on. High halves hold rests that no product reads.
MIAI_INLINE void make_blocks(const PhiloxStart& start, int64_t first, uint32_t* words) {
  uint32_t key[2] = {start.key[0], start.key[1]};
  uint64_t numbers[kWide];
  for (int i = 0; i < kWide; ++i) numbers[i] = static_cast<uint64_t>(first + i);
  Wide number = *reinterpret_cast<const LooseWide*>(numbers);
  Wide c[4] = {number, number >> 32, Wide{} + start.ticket[0], Wide{} + start.ticket[1]};
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    Wide a = multiply(c[0], 0xD2511F53u), b = multiply(c[2], 0xCD9E8D57u);
    c[0] = (b >> 32) ^ c[1] ^ (Wide{} + key[0]);
    c[2] = (a >> 32) ^ c[3] ^ (Wide{} + key[1]);
    c[1] = b;
    c[3] = a;
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  for (int i = 0; i < kWide; ++i)
    for (int j = 0; j < 4; ++j) words[4 * i + j] = static_cast<uint32_t>(c[j][i]);
}

void make_words(const PhiloxStart& start, int64_t first, int64_t count, uint32_t* words) {
  for (int64_t b = 0; b < count; b += kWide) make_blocks(start, first + b, words + 4 * b);
}

void drop(const float* x, const uint32_t* words, uint64_t threshold, float scale, int64_t n, float* y) {
  if (threshold == 0) {
    for (int64_t i = 0; i < n; ++i) y[i] = 0;
    return;
  }
  auto largest = static_cast<uint32_t>(threshold - 1);
  for (int64_t i = 0; i < n; ++i) y[i] = words[i] <= largest ? x[i] * scale : 0.0f;
}

}  // namespace

extern const PhiloxLoops philox_loops;
constexpr PhiloxLoops philox_loops = {make_words, drop};

}  // namespace miai::kernels::MIAI_ISA
