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

/// Of NaN's n as well, which is any number: nothing here may overflow.
inline float power_of_two(int32_t n) { return std::bit_cast<float>((static_cast<uint32_t>(n) + 127) << 23); }

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
  uint32_t n_bits = std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(12582912.0f);
  return {static_cast<int32_t>(n_bits), r, p};
}
/// x * 2^n in two steps, since 2^n may be no normal number; x is not 0 where n is not.
inline float scale_by_power(float x, int32_t n) {
  int32_t half = n >> 1;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(x) + (static_cast<uint32_t>(half) << 23)) *
         power_of_two(n - half);
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

}  // namespace float_math
