// Which function of scalar.h each instruction of a pointwise program is, and for which dtypes. Included
// inside a namespace, after scalar.h and half_bits.h.
namespace scalar {

template <pointwise::Opcode code, class F>
struct Function {
  static constexpr pointwise::Opcode opcode = code;
  using Scalar = F;
};

template <class... Entries>
struct FunctionList {
  /// Calls `visit` with the scalar function of that instruction; whether the list has it.
  template <class Visit>
  static bool visit(pointwise::Opcode opcode, Visit&& visit) {
    return ((opcode == Entries::opcode && (visit.template operator()<typename Entries::Scalar>(), true)) ||
            ...);
  }
};

using pointwise::Opcode;
using OfAll = FunctionList<
    Function<Opcode::kAdd, Add>, Function<Opcode::kMul, Mul>, Function<Opcode::kFloorDiv, FloorDiv>,
    Function<Opcode::kMod, Mod>, Function<Opcode::kPow, Pow>, Function<Opcode::kMax, Max>,
    Function<Opcode::kMin, Min>, Function<Opcode::kAbs, Abs>, Function<Opcode::kSign, Sign>,
    Function<Opcode::kSquare, Square>, Function<Opcode::kIsNan, IsNan>, Function<Opcode::kIsInf, IsInf>,
    Function<Opcode::kEqual, Equal>, Function<Opcode::kNotEqual, NotEqual>, Function<Opcode::kLess, Less>,
    Function<Opcode::kLessEqual, LessEqual>, Function<Opcode::kGreater, Greater>,
    Function<Opcode::kGreaterEqual, GreaterEqual>, Function<Opcode::kLogicalAnd, LogicalAnd>,
    Function<Opcode::kLogicalOr, LogicalOr>, Function<Opcode::kLogicalXor, LogicalXor>,
    Function<Opcode::kLogicalNot, LogicalNot>>;
using OfNumbers = FunctionList<  // all but bool
    Function<Opcode::kSub, Sub>, Function<Opcode::kDiv, Div>, Function<Opcode::kNeg, Neg>,
    Function<Opcode::kReciprocal, Reciprocal>>;
using OfBits = FunctionList<  // integers and bool
    Function<Opcode::kBitAnd, BitAnd>, Function<Opcode::kBitOr, BitOr>, Function<Opcode::kBitXor, BitXor>,
    Function<Opcode::kBitNot, BitNot>>;
using OfIntegers =
    FunctionList<Function<Opcode::kShiftLeft, ShiftLeft>, Function<Opcode::kShiftRight, ShiftRight>>;
using OfFloats = FunctionList<
    Function<Opcode::kAtan2, Atan2>, Function<Opcode::kSqrt, Sqrt>, Function<Opcode::kRsqrt, Rsqrt>,
    Function<Opcode::kExp, Exp>, Function<Opcode::kExpm1, Expm1>, Function<Opcode::kLog, Log>,
    Function<Opcode::kLog1p, Log1p>, Function<Opcode::kSin, Sin>, Function<Opcode::kCos, Cos>,
    Function<Opcode::kTan, Tan>, Function<Opcode::kAsin, Asin>, Function<Opcode::kAcos, Acos>,
    Function<Opcode::kAtan, Atan>, Function<Opcode::kSinh, Sinh>, Function<Opcode::kCosh, Cosh>,
    Function<Opcode::kTanh, Tanh>, Function<Opcode::kErf, Erf>, Function<Opcode::kFloor, Floor>,
    Function<Opcode::kCeil, Ceil>, Function<Opcode::kRound, Round>, Function<Opcode::kTrunc, Trunc>>;

/// Calls `visit` with the scalar function of an instruction whose operands are Ts; whether there is one.
template <class T, class Visit>
bool visit_function(Opcode opcode, Visit&& visit) {
  if (OfAll::visit(opcode, visit)) return true;
  if constexpr (!std::is_same_v<T, bool>)
    if (OfNumbers::visit(opcode, visit)) return true;
  if constexpr (std::is_integral_v<T>)
    if (OfBits::visit(opcode, visit)) return true;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
    if (OfIntegers::visit(opcode, visit)) return true;
  if constexpr (std::is_floating_point_v<T>)
    if (OfFloats::visit(opcode, visit)) return true;
  return false;
}

/// `convert`, and from and to the 16-bit floats, by way of float32.
template <class To, class From>
To convert_element(From x) {
  if constexpr (std::is_same_v<From, Float16>) {
    return convert_element<To>(float_of_half(x.bits));
  } else if constexpr (std::is_same_v<From, BFloat16>) {
    return convert_element<To>(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, Float16>) {
    To half;
    half.bits = half_bits(static_cast<float>(x));
    return half;
  } else if constexpr (std::is_same_v<To, BFloat16>) {
    return To(static_cast<float>(x));
  } else {
    return convert<To>(x);
  }
}

}  // namespace scalar
