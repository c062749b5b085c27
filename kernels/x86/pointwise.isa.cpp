// The tile loops of pointwise programs. Plain loops: the compiler vectorises them for the instruction set at
// hand.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/common/dtype.h"
#include "kernels/x86/pointwise_tiles.h"

namespace miai::kernels::MIAI_ISA {
namespace {

#include "kernels/common/pointwise/scalar.h"
// after it
#include "kernels/common/half_bits.h"
#include "kernels/common/pointwise/functions.h"
#include "kernels/x86/float_math.h"
// after it
#include "kernels/x86/float_math_in_double.h"

using pointwise::Opcode;

template <class T, class F>
void unary(void* out, const void* a, const void*, const void*, int64_t n) {
  using R = decltype(F{}(T{}));
  auto* o = static_cast<R*>(out);
  auto* x = static_cast<const T*>(a);
  for (int64_t i = 0; i < n; ++i) o[i] = F{}(x[i]);
}

template <class T, class F>
void binary(void* out, const void* a, const void* b, const void*, int64_t n) {
  using R = decltype(F{}(T{}, T{}));
  auto* o = static_cast<R*>(out);
  auto* x = static_cast<const T*>(a);
  auto* y = static_cast<const T*>(b);
  for (int64_t i = 0; i < n; ++i) o[i] = F{}(x[i], y[i]);
}

template <class T>
void select(void* out, const void* a, const void* b, const void* c, int64_t n) {
  auto* o = static_cast<T*>(out);
  auto* mask = static_cast<const uint8_t*>(a);
  auto* x = static_cast<const T*>(b);
  auto* y = static_cast<const T*>(c);
  for (int64_t i = 0; i < n; ++i) o[i] = mask[i] ? x[i] : y[i];
}

/// A float32 version that vectorises, in place of libm's.
template <auto f>
struct Function {
  template <class... Floats>
  float operator()(Floats... x) const {
    return f(x...);
  }
};

/// The function that is x to that power, with the bits of pow; nullptr: pow alone.
template <class T>
TileFunction find_power(T exponent) {
  if (exponent == T(2)) return unary<T, scalar::Square>;
  if constexpr (std::is_same_v<T, float>) {
    if (exponent == 3) return unary<float, Function<float_math::cube>>;
    if (exponent == 0.5f) return unary<float, Function<float_math::root>>;
    if (exponent == -1) return unary<float, scalar::Reciprocal>;
  }
  return nullptr;
}

/// Most exponents are one number for all.
template <class T>
void power(void* out, const void* a, const void* b, const void* c, int64_t n) {
  auto* exponents = static_cast<const T*>(b);
  int others = 0;  // not bool: GCC would not use vectors
  for (int64_t i = 0; i < n; ++i) others |= exponents[i] != exponents[0];
  if (!others)
    if (TileFunction function = find_power(exponents[0])) return function(out, a, b, c, n);
  binary<T, std::conditional_t<std::is_same_v<T, float>, Function<float_math::pow>, scalar::Pow>>(out, a, b,
                                                                                                  c, n);
}

/// libm's where the angle is too large for ours. Each element alone decides: its tile changes no bit of it.
template <auto fast, class Exact>
struct AnyAngle {
  float operator()(float x) const { return float_math::is_large_angle(x) ? Exact{}(x) : fast(x); }
};
template <auto fast, class Exact>
void trigonometric(void* out, const void* a, const void* b, const void* c, int64_t n) {
  auto* x = static_cast<const float*>(a);
  int large = 0;  // not bool: GCC would not use vectors
  for (int64_t i = 0; i < n; ++i) large |= float_math::is_large_angle(x[i]);
  (large ? unary<float, AnyAngle<fast, Exact>> : unary<float, Function<fast>>)(out, a, b, c, n);
}

struct FastMod {
  float operator()(float a, float b) const { return scalar::floored_remainder(b, float_math::fmod(a, b)); }
};
struct FastFloorDiv {
  float operator()(float a, float b) const { return scalar::floored_quotient(a, b, float_math::fmod(a, b)); }
};
/// `Fast` where it takes all quotients. The bits are the same.
template <class Fast, class Exact>
void divide(void* out, const void* a, const void* b, const void* c, int64_t n) {
  auto *x = static_cast<const float*>(a), *y = static_cast<const float*>(b);
  int other = 0;  // not bool: GCC would not use vectors
  for (int64_t i = 0; i < n; ++i) other |= !float_math::has_remainder(x[i], y[i]);
  (other ? binary<float, Exact> : binary<float, Fast>)(out, a, b, c, n);
}

TileFunction find_fast(Opcode opcode) {
  switch (opcode) {
    case Opcode::kExp:
      return unary<float, Function<float_math::exp>>;
    case Opcode::kLog:
      return unary<float, Function<float_math::log>>;
    case Opcode::kMod:
      return divide<FastMod, scalar::Mod>;
    case Opcode::kFloorDiv:
      return divide<FastFloorDiv, scalar::FloorDiv>;
    case Opcode::kExpm1:
      return unary<float, Function<float_math::expm1>>;
    case Opcode::kLog1p:
      return unary<float, Function<float_math::log1p>>;
    case Opcode::kSin:
      return trigonometric<float_math::sin, scalar::Sin>;
    case Opcode::kCos:
      return trigonometric<float_math::cos, scalar::Cos>;
    case Opcode::kTan:
      return trigonometric<float_math::tan, scalar::Tan>;
    case Opcode::kTanh:
      return unary<float, Function<float_math::tanh>>;
    case Opcode::kErf:
      return unary<float, Function<float_math::erf>>;
    default:
      return nullptr;
  }
}

template <class T>
TileFunction find_function(Opcode opcode) {
  TileFunction found = nullptr;
  scalar::visit_function<T>(opcode, [&]<class F>() {
    if constexpr (std::is_invocable_v<F, T, T>)
      found = binary<T, F>;
    else
      found = unary<T, F>;
  });
  return found;
}

TileFunction find(Opcode opcode, DType operand) {
  return visit_dtype(operand, [&]<class T>() -> TileFunction {
    if constexpr (std::is_same_v<T, float>)
      if (TileFunction fast = find_fast(opcode)) return fast;
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
      if (opcode == Opcode::kPow) return power<T>;
    if constexpr (std::is_arithmetic_v<T>)
      return opcode == Opcode::kSelect ? select<T> : find_function<T>(opcode);
    else
      return nullptr;
  });
}

template <class From, class To>
void convert_tile(void* out, const void* a, const void*, const void*, int64_t n) {
  auto* o = static_cast<To*>(out);
  auto* x = static_cast<const From*>(a);
  for (int64_t i = 0; i < n; ++i) o[i] = scalar::convert_element<To>(x[i]);
}

TileFunction convert(DType from, DType to) {
  return visit_dtype(from, [&]<class From>() {
    return visit_dtype(to, []<class To>() -> TileFunction { return convert_tile<From, To>; });
  });
}

constexpr const char* isa_name() {
#if defined(__AVX512F__)
  return "avx512";
#elif defined(__AVX2__)
  return "avx2";
#else
  return "baseline";
#endif
}

}  // namespace

extern const TileInstructions kTileInstructions;
const TileInstructions kTileInstructions{find, convert, isa_name()};

}  // namespace miai::kernels::MIAI_ISA
