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

/// Pairs of words, in turn of each.
template <size_t... kLane>
MIAI_INLINE void store_in_turn(Wide a, Wide b, uint32_t* words, std::index_sequence<kLane...>) {
  auto* to = reinterpret_cast<LooseWide*>(words);
  to[0] = __builtin_shufflevector(a, b, (kLane / 2 + kLane % 2 * kWide)...);
  to[1] = __builtin_shufflevector(a, b, (kWide / 2 + kLane / 2 + kLane % 2 * kWide)...);
}

/// kWide blocks from `first` on. High halves hold rests that no product reads.
MIAI_INLINE void make_blocks(const PhiloxStart& start, int64_t first, uint32_t* words) {
  uint32_t key[2] = {start.key[0], start.key[1]};
  static constexpr uint64_t kNumbers[] = {0, 1, 2, 3, 4, 5, 6, 7};
  Wide number = *reinterpret_cast<const LooseWide*>(kNumbers) + static_cast<uint64_t>(first);
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
  store_in_turn((c[0] & 0xffffffffu) | c[1] << 32, (c[2] & 0xffffffffu) | c[3] << 32, words,
                std::make_index_sequence<kWide>());
}

void make_words(const PhiloxStart& start, int64_t first, int64_t count, uint32_t* words) {
  for (int64_t b = 0; b < count; b += kWide) make_blocks(start, first + b, words + 4 * b);
}

// ---- numbers: random_values.h by the vector, operation for operation ----

/// 0 or 1 where the mask holds.
MIAI_INLINE Doubles one_where(Wide mask) { return (Doubles)(mask & (Wide)(Doubles{} + 1.0)); }
MIAI_INLINE Doubles choose(Wide mask, Doubles a, Doubles b) {
  return (Doubles)((mask & (Wide)a) | (~mask & (Wide)b));
}
/// Of numbers below 2^52.
MIAI_INLINE Doubles to_doubles(Wide x) { return (Doubles)(x | 0x4330000000000000ull) - 0x1p52; }
MIAI_INLINE Doubles square_root(Doubles x) {
#if defined(__AVX512F__)
  return (Doubles)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
  return (Doubles)_mm256_sqrt_pd((__m256d)x);
#else
  return (Doubles)_mm_sqrt_pd((__m128d)x);
#endif
}

MIAI_INLINE Doubles log_positive(Doubles x) {
  Wide bits = (Wide)x;
  Doubles m = (Doubles)((bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull);
  Wide upper = (Wide)(m > 1.4142135623730951);
  m = choose(upper, m * 0.5, m);
  Doubles exponent = to_doubles(bits >> 52) - 1023.0 + one_where(upper);
  Doubles s = (m - 1.0) / (m + 1.0), z = s * s, sum = Doubles{} + 1.0 / 23;
#pragma GCC unroll 11
  for (int k = 21; k >= 1; k -= 2) sum = sum * z + 1.0 / k;
  return 2.0 * s * sum + exponent * 0.6931471805599453;
}

struct SinCos {
  Doubles sin, cos;
};
MIAI_INLINE SinCos sincos_turns(Doubles u) {
  Doubles turned = 4.0 * u + 0.5;
  Wide q[] = {(Wide)(turned >= 1.0), (Wide)(turned >= 2.0), (Wide)(turned >= 3.0), (Wide)(turned >= 4.0)};
  Doubles quarter = one_where(q[0]) + one_where(q[1]) + one_where(q[2]) + one_where(q[3]);
  Doubles r = (4.0 * u - quarter) * 1.5707963267948966, z = r * r;
  Doubles s = Doubles{} + 1.0 / 355687428096000.0, c = Doubles{} + 1.0 / 6402373705728000.0;
  s = -1.0 / 1307674368000.0 + z * s;
  s = 1.0 / 6227020800.0 + z * s;
  s = -1.0 / 39916800.0 + z * s;
  s = 1.0 / 362880.0 + z * s;
  s = -1.0 / 5040.0 + z * s;
  s = 1.0 / 120.0 + z * s;
  s = -1.0 / 6.0 + z * s;
  s = r + r * z * s;
  c = 1.0 / 20922789888000.0 - z * c;
  c = -1.0 / 87178291200.0 + z * c;
  c = 1.0 / 479001600.0 + z * c;
  c = -1.0 / 3628800.0 + z * c;
  c = 1.0 / 40320.0 + z * c;
  c = -1.0 / 720.0 + z * c;
  c = 1.0 / 24.0 + z * c;
  c = 1.0 - 0.5 * z + z * z * c;
  Wide swaps = q[0] ^ q[1] ^ q[2] ^ q[3];  // quarters 1 and 3
  Wide minus = Wide{} + 0x8000000000000000ull;
  Wide sin_minus = (q[1] & ~q[3]) & minus, cos_minus = (q[0] & ~q[2]) & minus;
  return {(Doubles)((Wide)choose(swaps, c, s) ^ sin_minus), (Doubles)((Wide)choose(swaps, s, c) ^ cos_minus)};
}

/// Two words a lane.
MIAI_INLINE Wide load_pairs(const uint32_t* words) {
  Wide pairs;
  __builtin_memcpy(&pairs, words, kVectorBytes);
  return pairs;
}
/// y = a0, b0, a1, b1, ..., `count` lanes of each.
MIAI_INLINE void store_pairs(Doubles a, Doubles b, int64_t count, float* y) {
  for (int64_t i = 0; i < (count < kWide ? count : kWide); ++i) {
    y[2 * i] = static_cast<float>(a[i]);
    y[2 * i + 1] = static_cast<float>(b[i]);
  }
}

void make_normals(const uint32_t* words, int64_t pairs, double mean, double std, float* y) {
  for (int64_t i = 0; i < pairs; i += kWide) {
    Wide two = load_pairs(words + 2 * i);
    Doubles radius = square_root(-2.0 * log_positive((to_doubles(two & 0xffffffffull) + 1.0) * 0x1p-32));
    SinCos angle = sincos_turns(to_doubles(two >> 32) * 0x1p-32);
    store_pairs(mean + std * (radius * angle.cos), mean + std * (radius * angle.sin), pairs - i, y + 2 * i);
  }
}

void make_uniforms(const uint32_t* words, int64_t pairs, double low, double high, float largest, float* y) {
  for (int64_t i = 0; i < pairs; i += kWide) {
    Wide two = load_pairs(words + 2 * i);
    Doubles first = low + to_doubles(two & 0xffffffffull) * 0x1p-32 * (high - low);
    Doubles second = low + to_doubles(two >> 32) * 0x1p-32 * (high - low);
    store_pairs(first, second, pairs - i, y + 2 * i);
  }
  for (int64_t i = 0; i < 2 * pairs; ++i) y[i] = static_cast<double>(y[i]) >= high ? largest : y[i];
}

}  // namespace

extern const PhiloxLoops philox_loops;
constexpr PhiloxLoops philox_loops = {make_words, make_normals, make_uniforms};

}  // namespace miai::kernels::MIAI_ISA
