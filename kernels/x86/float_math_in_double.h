// Branch-free float32 functions that compute in double, to half a unit in the last place or little more.
// Included after float_math.h, in the same way.
namespace float_math {

/// sin, cos and tan would lose digits when they reduce it.
inline bool is_large_angle(float x) { return std::fabs(x) > 1e8f; }

/// x in quarters of a turn, and what is left, at most pi / 4 (Cody and Waite; a quarter's first 25 bits times
/// their number are exact).
struct Angle {
  double left, square;
  uint64_t quarters;  // in the lowest bits
};
inline Angle angle_of(float x) {
  double wide = x, shifted = wide * 0.63661977236758134 + 0x1.8p52, quarters = shifted - 0x1.8p52;
  double left = wide - quarters * 0x1.921fb5p0 - quarters * 0x1.110b4611a6263p-26;
  return {left, left * left, std::bit_cast<uint64_t>(shifted)};
}
inline double sin_of(const Angle& a) {
  double p = -1.0 / 39916800;
  p = multiply_add(p, a.square, 1.0 / 362880);
  p = multiply_add(p, a.square, -1.0 / 5040);
  p = multiply_add(p, a.square, 1.0 / 120);
  p = multiply_add(p, a.square, -1.0 / 6);
  return a.left + a.left * a.square * p;
}
inline double cos_of(const Angle& a) {
  double p = -1.0 / 3628800;
  p = multiply_add(p, a.square, 1.0 / 40320);
  p = multiply_add(p, a.square, -1.0 / 720);
  p = multiply_add(p, a.square, 1.0 / 24);
  p = multiply_add(p, a.square, -0.5);
  return 1.0 + a.square * p;
}
/// sin of an angle `more` quarters further; x no large angle.
inline float sin_after(float x, uint64_t more) {
  Angle a = angle_of(x);
  uint64_t quarter = a.quarters + more;
  double sine = sin_of(a), cosine = cos_of(a), value = quarter & 1 ? cosine : sine;
  return static_cast<float>(std::bit_cast<double>(std::bit_cast<uint64_t>(value) ^ (quarter & 2) << 62));
}
inline float sin(float x) { return x == 0.0f ? x : sin_after(x, 0); }
inline float cos(float x) { return sin_after(x, 1); }
inline float tan(float x) {
  Angle a = angle_of(x);
  double sine = sin_of(a), cosine = cos_of(a);
  double result = a.quarters & 1 ? -cosine / sine : sine / cosine;
  return x == 0.0f ? x : static_cast<float>(result);
}

/// Whether fmod takes them: a quotient below 2^20 is rounded to the right whole number, and its product with
/// b has all its bits.
inline bool has_remainder(float a, float b) {
  return (std::fabs(a) < std::fabs(b) * 1048576.0f) & (std::fabs(b) < INFINITY);
}
/// C's fmod, exact.
inline float fmod(float a, float b) {
  double wide = a, divisor = b;
  return static_cast<float>(wide - std::trunc(wide / divisor) * divisor);
}

/// Natural logarithm of a positive number, to 1e-12 of itself: float32's subnormals are normal in double.
inline double log_of(double x) {
  uint64_t bits = std::bit_cast<uint64_t>(x);
  double m = std::bit_cast<double>((bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull);
  double exponent = std::bit_cast<double>(bits >> 52 | 0x4330000000000000ull) - (0x1p52 + 1023);
  exponent = m > 1.4142135623730951 ? exponent + 1 : exponent;
  m = m > 1.4142135623730951 ? m * 0.5 : m;
  double s = (m - 1) / (m + 1), z = s * s, p = 1.0 / 13;  // artanh
  p = multiply_add(p, z, 1.0 / 11);
  p = multiply_add(p, z, 1.0 / 9);
  p = multiply_add(p, z, 1.0 / 7);
  p = multiply_add(p, z, 1.0 / 5);
  p = multiply_add(p, z, 1.0 / 3);
  return exponent * 0.69314718055994531 + 2 * (s + s * z * p);
}
/// e^x for |x| < 700, to 1e-11 of itself: Taylor after reduction to |r| <= ln2 / 2.
inline double exp_of(double x) {
  double shifted = x * 1.4426950408889634 + 0x1.8p52, n = shifted - 0x1.8p52;
  double r = x - n * 0.69314718055994531, p = 1.0 / 362880;
  p = multiply_add(p, r, 1.0 / 40320);
  p = multiply_add(p, r, 1.0 / 5040);
  p = multiply_add(p, r, 1.0 / 720);
  p = multiply_add(p, r, 1.0 / 120);
  p = multiply_add(p, r, 1.0 / 24);
  p = multiply_add(p, r, 1.0 / 6);
  p = multiply_add(p, r, 0.5);
  p = multiply_add(p, r, 1.0);
  p = multiply_add(p, r, 1.0);
  return std::bit_cast<double>(std::bit_cast<uint64_t>(p) + (std::bit_cast<uint64_t>(shifted) << 52));
}
inline float cube(float x) {
  double wide = x;
  return static_cast<float>(wide * wide * wide);
}
inline float root(float x) { return x == -INFINITY ? INFINITY : std::sqrt(x) + 0.0f; }  // of -0 it is 0

/// x^y = e^(y * log|x|) with the sign that C's pow gives, and its special cases (C17, F.10.4.4).
inline float pow(float x, float y) {
  double size = std::fabs(x), power = y, log_size = log_of(size);
  log_size = size == 0 ? -INFINITY : log_size;
  log_size = size == INFINITY ? INFINITY : log_size;
  double exponent = power * log_size;
  exponent = size == 1 && y == y ? 0.0 : exponent;  // to an infinite power too
  exponent = exponent > 120 ? 120.0 : exponent;
  exponent = exponent < -120 ? -120.0 : exponent;
  auto result = static_cast<float>(exp_of(exponent));
  float half = y * 0.5f;
  bool whole = std::trunc(y) == y, odd = whole & (std::trunc(half) != half);
  uint32_t sign = std::bit_cast<uint32_t>(x) & 0x80000000u;
  result = std::bit_cast<float>(std::bit_cast<uint32_t>(result) ^ (odd ? sign : 0u));
  result = (x < 0) & (size != INFINITY) & !whole ? NAN : result;
  result = (x != x) | (y != y) ? NAN : result;
  // whole tiles of these exponents take the short way: the same bits here
  result = y == 3 ? cube(x) : result;
  result = y == 2 ? x * x : result;
  result = y == 0.5f ? root(x) : result;
  result = y == -1 ? 1 / x : result;
  return (y == 0) | (x == 1) ? 1.0f : result;
}

}  // namespace float_math
