// Branch-free float32 functions that compilers vectorise, within 3 units in the last place. Included
// only by files that are compiled once for each instruction set, inside the set's namespace.
namespace float_math {

template <class T>
T multiply_add(T a, T b, T c) {
#ifdef __FMA__
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

inline float power_of_two(int32_t n) { return std::bit_cast<float>((n + 127) << 23); }

/// x = n * ln2 + r, |r| <= ln2 / 2 (Cody and Waite). `slope` is (e^r - 1) / r, a Taylor-like polynomial.
struct ReducedExponent {
  int32_t n;
  float r, slope;
};
inline ReducedExponent reduce_exponent(float x) {
  float shifted = x * 1.44269504f + 12582912.0f;  // leaves no bits after the point, and n in the lowest ones
  float n = shifted - 12582912.0f;
  float r = multiply_add(n, -0.693145752f, x);
  r = multiply_add(n, -1.42860677e-6f, r);
  float p = 1.37805939e-3f;
  p = multiply_add(p, r, 8.37312452e-3f);
  p = multiply_add(p, r, 4.16695364e-2f);
  p = multiply_add(p, r, 1.66664720e-1f);
  p = multiply_add(p, r, 4.99999851e-1f);
  p = multiply_add(p, r, 1.0f);
  return {std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(12582912.0f), r, p};
}
/// x * 2^n in two steps, since 2^n may be no normal number; x is not 0 where n is not.
inline float scale_by_power(float x, int32_t n) {
  int32_t half = n >> 1;
  return std::bit_cast<float>(std::bit_cast<int32_t>(x) + (half << 23)) * power_of_two(n - half);
}

inline float exp(float x) {
  float clamped = x > 89.0f ? 89.0f : x;
  clamped = clamped < -104.0f ? -104.0f : clamped;
  ReducedExponent e = reduce_exponent(clamped);
  float result = scale_by_power(multiply_add(e.slope, e.r, 1.0f), e.n);
  return x != x ? x : result;
}

/// e^x - 1 = 2^n * (e^r - 1 + (1 - 2^-n)): exact near 0, where n is 0.
inline float expm1(float x) {
  float clamped = x > 89.0f ? 89.0f : x;
  clamped = clamped < -30.0f ? -30.0f : clamped;
  ReducedExponent e = reduce_exponent(clamped);
  int32_t less = e.n > 126 ? -126 : -e.n;  // 2^-128 is no normal number
  float result = scale_by_power(multiply_add(e.slope, e.r, 1.0f - power_of_two(less)), e.n);
  result = x == 0.0f ? x : result;  // -0
  return x != x ? x : result;
}

/// Natural logarithm: mantissa in [sqrt(1/2), sqrt(2)), polynomial in it (Cephes' logf, Moshier).
inline float log(float x) {
  float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;  // subnormals
  float bias = x < 1.17549435e-38f ? 23.0f : 0.0f;
  uint32_t bits = std::bit_cast<uint32_t>(scaled);  // of any sign: what is below 0 becomes NaN at the end
  int32_t exponent = static_cast<int32_t>(bits - 0x3f3504f3u) >> 23;
  float m = std::bit_cast<float>(bits - (static_cast<uint32_t>(exponent) << 23)) - 1.0f;
  float e = static_cast<float>(exponent) - bias;
  float z = m * m;
  float p = 7.0376836292e-2f;
  p = multiply_add(p, m, -1.1514610310e-1f);
  p = multiply_add(p, m, 1.1676998740e-1f);
  p = multiply_add(p, m, -1.2420140846e-1f);
  p = multiply_add(p, m, 1.4249322787e-1f);
  p = multiply_add(p, m, -1.6668057665e-1f);
  p = multiply_add(p, m, 2.0000714765e-1f);
  p = multiply_add(p, m, -2.4999993993e-1f);
  p = multiply_add(p, m, 3.3333331174e-1f);
  float y = p * m * z;
  y = multiply_add(e, -2.12194440e-4f, y);
  y = multiply_add(z, -0.5f, y);
  float result = multiply_add(e, 0.693359375f, m + y);
  result = x == INFINITY ? INFINITY : result;
  result = x == 0.0f ? -INFINITY : result;
  return x >= 0.0f ? result : NAN;
}

/// log(1 + x): what rounding took from 1 + x comes back as a first-order term (HP-15C handbook, Kahan).
inline float log1p(float x) {
  float u = 1.0f + x;
  float result = log(u) + (x - (u - 1.0f)) / u;
  result = u == 0.0f || u == INFINITY ? log(u) : result;
  return x == 0.0f ? x : result;  // -0
}

/// tanh: a polynomial near 0 (Cephes' tanhf), else from e^2|x|.
inline float tanh(float x) {
  float a = std::fabs(x), z = x * x;
  float p = -5.70498872745e-3f;
  p = multiply_add(p, z, 2.06390887954e-2f);
  p = multiply_add(p, z, -5.37397155531e-2f);
  p = multiply_add(p, z, 1.33314422036e-1f);
  p = multiply_add(p, z, -3.33332819422e-1f);
  float near = multiply_add(p * z, x, x);
  float far = std::copysign(1.0f - 2.0f / (exp(2.0f * a) + 1.0f), x);
  float result = a < 0.625f ? near : far;
  return x != x ? x : result;
}

/// Error function: odd polynomial near 0, else 1 - e^-q(|x|); minimax fits in two ranges.
inline float erf(float x) {
  float t = std::fabs(x), s = x * x;
  float q = multiply_add(-1.72853470e-5f, t, 3.83197126e-4f);
  q = multiply_add(q, s, multiply_add(-3.88396438e-3f, t, 2.42546219e-2f));
  q = multiply_add(q, t, -1.06777877e-1f);
  q = multiply_add(q, t, -6.34846687e-1f);
  q = multiply_add(q, t, -1.28717512e-1f);
  q = multiply_add(q, t, -t);
  float far = std::copysign(1.0f - exp(q), x);
  float p = -5.96761703e-4f;
  p = multiply_add(p, s, 4.99119423e-3f);
  p = multiply_add(p, s, -2.67681349e-2f);
  p = multiply_add(p, s, 1.12819925e-1f);
  p = multiply_add(p, s, -3.76125336e-1f);
  p = multiply_add(p, s, 1.28379166e-1f);
  float near = multiply_add(p, x, x);
  float result = t > 0.927734375f ? far : near;
  return x != x ? x : result;
}

/// Up to here sin, cos and tan reduce their argument without loss.
inline constexpr float kLargestAngle = 1e8f;

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
/// sin of an angle `more` quarters further; |x| <= kLargestAngle.
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
