// Random words as uniform and normal numbers. All kernels call these, so that they agree bit for bit; the
// mathematics is our own, so that no library's version matters.
#pragma once
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/common/convert_scalar.h"
#include "kernels/common/philox.h"

namespace miai::philox {

/// Elements that one block of four words gives: float64 takes two words an element.
template <class T>
inline constexpr int kElements = sizeof(T) == 8 ? 2 : 4;

/// 53 bits in [0, 1).
inline double unit(uint32_t high, uint32_t low) {
  return static_cast<double>(((uint64_t{high} << 32) | low) >> 11) * 0x1p-53;
}

/// The largest number below x (x finite).
inline double below(double x) { return std::nextafter(x, -std::numeric_limits<double>::infinity()); }
inline float below(float x) { return std::nextafter(x, -std::numeric_limits<float>::infinity()); }
template <class T>
T below_half(T x) {
  if ((x.bits & 0x7fffu) == 0) {
    x.bits = 0x8001u;
  } else if (x.bits & 0x8000u) {
    ++x.bits;
  } else {
    --x.bits;
  }
  return x;
}
inline Float16 below(Float16 x) { return below_half(x); }
inline BFloat16 below(BFloat16 x) { return below_half(x); }

/// low + u * (high - low) in T; rounding never reaches high.
template <class T>
T scale_uniform(double u, double low, double high) {
  T value = from_double<T>(low + u * (high - low));
  if constexpr (sizeof(T) == 8) {
    return value >= high && low < high ? below(high) : value;
  } else {
    bool reached = static_cast<double>(static_cast<float>(value)) >= high && low < high;
    return reached ? below(from_double<T>(high)) : value;
  }
}

template <class T>
std::array<T, kElements<T>> uniform(const Words& w, double low, double high) {
  if constexpr (sizeof(T) == 8) {
    return {scale_uniform<T>(unit(w[0], w[1]), low, high), scale_uniform<T>(unit(w[2], w[3]), low, high)};
  } else {
    std::array<T, 4> out;
    for (int i = 0; i < 4; ++i) out[i] = scale_uniform<T>(w[i] * 0x1p-32, low, high);
    return out;
  }
}

/// Natural logarithm of a positive normal number.
inline double log_positive(double x) {
  uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull);
  bool upper = m > 1.4142135623730951;
  m = upper ? m * 0.5 : m;
  exponent += upper;
  double s = (m - 1) / (m + 1), z = s * s, sum = 1.0 / 23;
  for (int k = 21; k >= 1; k -= 2) sum = sum * z + 1.0 / k;  // artanh
  return 2 * s * sum + exponent * 0.6931471805599453;
}

struct SinCos {
  double sin, cos;
};
/// Of 2 * pi * u for u in [0, 1].
inline SinCos sincos_turns(double u) {
  double quarter = std::floor(4 * u + 0.5);
  double r = (4 * u - quarter) * 1.5707963267948966, z = r * r;
  double s = 1.0 / 355687428096000.0, c = 1.0 / 6402373705728000.0;
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
  c = 1 - 0.5 * z + z * z * c;
  int q = static_cast<int>(quarter) & 3;
  double sine = q & 1 ? c : s, cosine = q & 1 ? s : c;
  return {q & 2 ? -sine : sine, (q == 1 || q == 2) ? -cosine : cosine};
}

/// Two independent standard normal numbers from u1 in (0, 1] and u2 in [0, 1).
inline std::array<double, 2> box_muller(double u1, double u2) {
  double radius = std::sqrt(-2 * log_positive(u1));
  SinCos angle = sincos_turns(u2);
  return {radius * angle.cos, radius * angle.sin};
}

template <class T>
std::array<T, kElements<T>> normal(const Words& w, double mean, double std) {
  auto shifted = [&](double z) { return from_double<T>(mean + std * z); };
  if constexpr (sizeof(T) == 8) {
    auto [a, b] = box_muller(1 - unit(w[0], w[1]), unit(w[2], w[3]));
    return {shifted(a), shifted(b)};
  } else {
    auto [a, b] = box_muller((w[0] + 1.0) * 0x1p-32, w[1] * 0x1p-32);
    auto [c, d] = box_muller((w[2] + 1.0) * 0x1p-32, w[3] * 0x1p-32);
    return {shifted(a), shifted(b), shifted(c), shifted(d)};
  }
}

/// Words below this are kept by dropout; 2^32 keeps all.
inline uint64_t keep_threshold(double drop_prob) { return static_cast<uint64_t>((1 - drop_prob) * 0x1p32); }
inline double dropout_scale(double drop_prob) { return drop_prob < 1 ? 1 / (1 - drop_prob) : 0; }
/// x * scale in T (16-bit floats through float32), or zero.
template <class T>
T dropped(T x, bool keeps, double scale) {
  if constexpr (sizeof(T) == 8) {
    return keeps ? static_cast<T>(x * scale) : T(0);
  } else {
    return T(keeps ? static_cast<float>(x) * static_cast<float>(scale) : 0.0f);
  }
}

}  // namespace miai::philox
