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
#include "kernels/x86/float_math.h"

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

// float32 versions that vectorise, in place of libm's
struct FastExp {
  float operator()(float x) const { return float_math::exp(x); }
};
struct FastLog {
  float operator()(float x) const { return float_math::log(x); }
};
struct FastTanh {
  float operator()(float x) const { return float_math::tanh(x); }
};
struct FastErf {
  float operator()(float x) const { return float_math::erf(x); }
};

template <class T>
TileFunction find_common(Opcode opcode) {
  using namespace scalar;  // NOLINT
  switch (opcode) {
    case Opcode::kAdd:
      return binary<T, Add>;
    case Opcode::kMul:
      return binary<T, Mul>;
    case Opcode::kMax:
      return binary<T, Max>;
    case Opcode::kMin:
      return binary<T, Min>;
    case Opcode::kEqual:
      return binary<T, Equal>;
    case Opcode::kNotEqual:
      return binary<T, NotEqual>;
    case Opcode::kLess:
      return binary<T, Less>;
    case Opcode::kLessEqual:
      return binary<T, LessEqual>;
    case Opcode::kGreater:
      return binary<T, Greater>;
    case Opcode::kGreaterEqual:
      return binary<T, GreaterEqual>;
    case Opcode::kLogicalAnd:
      return binary<T, LogicalAnd>;
    case Opcode::kLogicalOr:
      return binary<T, LogicalOr>;
    case Opcode::kLogicalXor:
      return binary<T, LogicalXor>;
    case Opcode::kLogicalNot:
      return unary<T, LogicalNot>;
    case Opcode::kFloorDiv:
      return binary<T, FloorDiv>;
    case Opcode::kMod:
      return binary<T, Mod>;
    case Opcode::kAbs:
      return unary<T, Abs>;
    case Opcode::kSign:
      return unary<T, Sign>;
    case Opcode::kSquare:
      return unary<T, Square>;
    case Opcode::kIsNan:
      return unary<T, IsNan>;
    case Opcode::kIsInf:
      return unary<T, IsInf>;
    case Opcode::kPow:
      return binary<T, Pow>;
    case Opcode::kSelect:
      return select<T>;
    default:
      return nullptr;
  }
}

template <class T>
TileFunction find_number(Opcode opcode) {  // what bools lack
  using namespace scalar;                  // NOLINT
  switch (opcode) {
    case Opcode::kSub:
      return binary<T, Sub>;
    case Opcode::kDiv:
      return binary<T, Div>;
    case Opcode::kNeg:
      return unary<T, Neg>;
    case Opcode::kReciprocal:
      return unary<T, Reciprocal>;
    default:
      return find_common<T>(opcode);
  }
}

template <class T>
TileFunction find_bits(Opcode opcode) {
  using namespace scalar;  // NOLINT
  switch (opcode) {
    case Opcode::kBitAnd:
      return binary<T, BitAnd>;
    case Opcode::kBitOr:
      return binary<T, BitOr>;
    case Opcode::kBitXor:
      return binary<T, BitXor>;
    case Opcode::kBitNot:
      return unary<T, BitNot>;
    default:
      return nullptr;
  }
}

template <class T>
TileFunction find_integer(Opcode opcode) {
  using namespace scalar;  // NOLINT
  if (opcode == Opcode::kShiftLeft) return binary<T, ShiftLeft>;
  if (opcode == Opcode::kShiftRight) return binary<T, ShiftRight>;
  TileFunction bits = find_bits<T>(opcode);
  return bits ? bits : find_number<T>(opcode);
}

TileFunction find_fast(Opcode opcode) {
  switch (opcode) {
    case Opcode::kExp:
      return unary<float, FastExp>;
    case Opcode::kLog:
      return unary<float, FastLog>;
    case Opcode::kTanh:
      return unary<float, FastTanh>;
    case Opcode::kErf:
      return unary<float, FastErf>;
    default:
      return nullptr;
  }
}

template <class T>
TileFunction find_float(Opcode opcode) {
  using namespace scalar;  // NOLINT
  if constexpr (std::is_same_v<T, float>)
    if (TileFunction fast = find_fast(opcode)) return fast;
  switch (opcode) {
    case Opcode::kAtan2:
      return binary<T, Atan2>;
    case Opcode::kSqrt:
      return unary<T, Sqrt>;
    case Opcode::kRsqrt:
      return unary<T, Rsqrt>;
    case Opcode::kExp:
      return unary<T, Exp>;
    case Opcode::kExpm1:
      return unary<T, Expm1>;
    case Opcode::kLog:
      return unary<T, Log>;
    case Opcode::kLog1p:
      return unary<T, Log1p>;
    case Opcode::kSin:
      return unary<T, Sin>;
    case Opcode::kCos:
      return unary<T, Cos>;
    case Opcode::kTan:
      return unary<T, Tan>;
    case Opcode::kAsin:
      return unary<T, Asin>;
    case Opcode::kAcos:
      return unary<T, Acos>;
    case Opcode::kAtan:
      return unary<T, Atan>;
    case Opcode::kSinh:
      return unary<T, Sinh>;
    case Opcode::kCosh:
      return unary<T, Cosh>;
    case Opcode::kTanh:
      return unary<T, Tanh>;
    case Opcode::kErf:
      return unary<T, Erf>;
    case Opcode::kFloor:
      return unary<T, Floor>;
    case Opcode::kCeil:
      return unary<T, Ceil>;
    case Opcode::kRound:
      return unary<T, Round>;
    case Opcode::kTrunc:
      return unary<T, Trunc>;
    default:
      return find_number<T>(opcode);
  }
}

TileFunction find(Opcode opcode, DType operand, DType) {
  switch (operand) {
    case DType::kBool: {
      TileFunction bits = find_bits<bool>(opcode);
      return bits ? bits : find_common<bool>(opcode);
    }
    case DType::kUInt8:
      return find_integer<uint8_t>(opcode);
    case DType::kInt8:
      return find_integer<int8_t>(opcode);
    case DType::kInt16:
      return find_integer<int16_t>(opcode);
    case DType::kInt32:
      return find_integer<int32_t>(opcode);
    case DType::kInt64:
      return find_integer<int64_t>(opcode);
    case DType::kFloat32:
      return find_float<float>(opcode);
    case DType::kFloat64:
      return find_float<double>(opcode);
    default:
      return nullptr;
  }
}

template <class From, class To>
void convert_tile(void* out, const void* a, const void*, const void*, int64_t n) {
  auto* o = static_cast<To*>(out);
  auto* x = static_cast<const From*>(a);
  constexpr bool from_half = std::is_same_v<From, Float16> || std::is_same_v<From, BFloat16>;
  constexpr bool to_half = std::is_same_v<To, Float16> || std::is_same_v<To, BFloat16>;
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (from_half && to_half) {
      o[i] = To(static_cast<float>(x[i]));
    } else if constexpr (from_half) {
      o[i] = scalar::convert<To>(static_cast<float>(x[i]));
    } else if constexpr (to_half) {
      o[i] = To(static_cast<float>(x[i]));
    } else {
      o[i] = scalar::convert<To>(x[i]);
    }
  }
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
