// What each instruction of a pointwise program means for one element, in C++: the reference runs these, and
// the tile loops are made of them. NumPy's results for integers, NaN and zero divisors. Included inside a
// namespace: files compiled for different instruction sets must not share these definitions.
namespace scalar {

/// Integer arithmetic wraps around: it is done on the unsigned type of the same width.
template <class T>
auto wrapping(T x) {
  if constexpr (std::is_same_v<T, bool>) {
    return static_cast<unsigned>(x);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<std::common_type_t<std::make_unsigned_t<T>, unsigned>>(x);
  } else {
    return x;
  }
}

struct Add {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_same_v<T, bool>)
      return a || b;
    else
      return static_cast<T>(wrapping(a) + wrapping(b));
  }
};
struct Sub {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(wrapping(a) - wrapping(b));
  }
};
struct Mul {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(wrapping(a) * wrapping(b));
  }
};
struct Div {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return b == T(0) ? T(0) : static_cast<T>(a / b);
    else
      return a / b;
  }
};
/// Python's % and // of floats, from what fmod gives.
template <class T>
T floored_remainder(T b, T r) {
  T result = (r < T(0)) != (b < T(0)) ? r + b : r;
  result = r == T(0) ? std::copysign(T(0), b) : result;
  return b == T(0) ? r : result;
}
template <class T>
T floored_quotient(T a, T b, T r) {
  T q = (a - r) / b;
  q = (r != T(0)) & ((r < T(0)) != (b < T(0))) ? q - T(1) : q;  // also for an infinite b
  T down = std::floor(q), nearest = q - down > T(0.5) ? down + T(1) : down;
  return b == T(0) ? a / b : nearest;
}

/// Python's %: the sign of the divisor.
struct Mod {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_same_v<T, bool>) {
      return false;
    } else if constexpr (std::is_integral_v<T>) {
      if (b == T(0)) return T(0);
      if constexpr (std::is_signed_v<T>)
        if (b == T(-1)) return T(0);
      T r = static_cast<T>(a % b);
      return r != T(0) && ((r < T(0)) != (b < T(0))) ? static_cast<T>(r + b) : r;
    } else {
      return floored_remainder(b, std::fmod(a, b));
    }
  }
};
/// Python's //: rounds down.
struct FloorDiv {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_same_v<T, bool>) {
      return a && b;
    } else if constexpr (std::is_integral_v<T>) {
      if (b == T(0)) return T(0);
      if constexpr (std::is_signed_v<T>)
        if (b == T(-1)) return static_cast<T>(T(0) - wrapping(a));
      T q = static_cast<T>(a / b);
      return (a % b != T(0)) && ((a < T(0)) != (b < T(0))) ? static_cast<T>(q - 1) : q;
    } else {
      return floored_quotient(a, b, std::fmod(a, b));
    }
  }
};
struct Pow {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if constexpr (std::is_signed_v<T>)
        if (b < T(0)) return a == T(1) ? T(1) : a == T(-1) ? (b % 2 ? T(-1) : T(1)) : T(0);
      T result = T(1);
      for (auto n = static_cast<uint64_t>(b); n; n >>= 1) {
        if (n & 1) result = Mul{}(result, a);
        a = Mul{}(a, a);
      }
      return result;
    } else {
      if (b == T(2)) return a * a;  // the commonest exponents, and exact
      if (b == T(1)) return a;
      return std::pow(a, b);
    }
  }
};
struct Max {  // NaN wins
  template <class T>
  T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};
struct Min {
  template <class T>
  T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};
struct Atan2 {
  template <class T>
  T operator()(T a, T b) const {
    return std::atan2(a, b);
  }
};
struct Neg {
  template <class T>
  T operator()(T a) const {
    if constexpr (std::is_floating_point_v<T>)
      return -a;
    else
      return static_cast<T>(0u - wrapping(a));
  }
};
struct Abs {
  template <class T>
  T operator()(T a) const {
    if constexpr (std::is_floating_point_v<T>)
      return std::fabs(a);
    else if constexpr (std::is_unsigned_v<T>)
      return a;
    else
      return a < T(0) ? Neg{}(a) : a;
  }
};
struct Sign {
  template <class T>
  T operator()(T a) const {
    if constexpr (std::is_same_v<T, bool>)
      return a;
    else
      return a != a ? a : static_cast<T>((a > T(0)) - (a < T(0)));
  }
};
struct Square {
  template <class T>
  T operator()(T a) const {
    return Mul{}(a, a);
  }
};
struct Reciprocal {
  template <class T>
  T operator()(T a) const {
    return Div{}(T(1), a);
  }
};
struct Sqrt {
  template <class T>
  T operator()(T a) const {
    return std::sqrt(a);
  }
};
struct Rsqrt {
  template <class T>
  T operator()(T a) const {
    return T(1) / std::sqrt(a);
  }
};
struct Exp {
  template <class T>
  T operator()(T a) const {
    return std::exp(a);
  }
};
struct Expm1 {
  template <class T>
  T operator()(T a) const {
    return std::expm1(a);
  }
};
struct Log {
  template <class T>
  T operator()(T a) const {
    return std::log(a);
  }
};
struct Log1p {
  template <class T>
  T operator()(T a) const {
    return std::log1p(a);
  }
};
struct Sin {
  template <class T>
  T operator()(T a) const {
    return std::sin(a);
  }
};
struct Cos {
  template <class T>
  T operator()(T a) const {
    return std::cos(a);
  }
};
struct Tan {
  template <class T>
  T operator()(T a) const {
    return std::tan(a);
  }
};
struct Asin {
  template <class T>
  T operator()(T a) const {
    return std::asin(a);
  }
};
struct Acos {
  template <class T>
  T operator()(T a) const {
    return std::acos(a);
  }
};
struct Atan {
  template <class T>
  T operator()(T a) const {
    return std::atan(a);
  }
};
struct Sinh {
  template <class T>
  T operator()(T a) const {
    return std::sinh(a);
  }
};
struct Cosh {
  template <class T>
  T operator()(T a) const {
    return std::cosh(a);
  }
};
struct Tanh {
  template <class T>
  T operator()(T a) const {
    return std::tanh(a);
  }
};
struct Erf {
  template <class T>
  T operator()(T a) const {
    return std::erf(a);
  }
};
struct Floor {
  template <class T>
  T operator()(T a) const {
    return std::floor(a);
  }
};
struct Ceil {
  template <class T>
  T operator()(T a) const {
    return std::ceil(a);
  }
};
struct Round {
  template <class T>
  T operator()(T a) const {
    return std::nearbyint(a);
  }
};  // half to even
struct Trunc {
  template <class T>
  T operator()(T a) const {
    return std::trunc(a);
  }
};
struct IsNan {
  template <class T>
  bool operator()(T a) const {
    return a != a;
  }
};
struct IsInf {
  template <class T>
  bool operator()(T a) const {
    if constexpr (std::is_floating_point_v<T>)
      return std::fabs(a) == std::numeric_limits<T>::infinity();
    else
      return false;
  }
};
struct Equal {
  template <class T>
  bool operator()(T a, T b) const {
    return a == b;
  }
};
struct NotEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a != b;
  }
};
struct Less {
  template <class T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};
struct LessEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};
struct Greater {
  template <class T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct GreaterEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a >= b;
  }
};
struct LogicalAnd {
  template <class T>
  bool operator()(T a, T b) const {
    return (a != T(0)) & (b != T(0));
  }
};
struct LogicalOr {
  template <class T>
  bool operator()(T a, T b) const {
    return (a != T(0)) | (b != T(0));
  }
};
struct LogicalXor {
  template <class T>
  bool operator()(T a, T b) const {
    return (a != T(0)) != (b != T(0));
  }
};
struct LogicalNot {
  template <class T>
  bool operator()(T a) const {
    return a == T(0);
  }
};
struct BitAnd {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct BitOr {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct BitXor {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};
struct BitNot {
  template <class T>
  T operator()(T a) const {
    if constexpr (std::is_same_v<T, bool>)
      return !a;
    else
      return static_cast<T>(~a);
  }
};
/// A shift by the width or more leaves 0, or the sign.
struct ShiftLeft {
  template <class T>
  T operator()(T a, T b) const {
    if (b < T(0) || static_cast<uint64_t>(b) >= sizeof(T) * 8) return T(0);
    return static_cast<T>(wrapping(a) << b);
  }
};
struct ShiftRight {
  template <class T>
  T operator()(T a, T b) const {
    if (b < T(0) || static_cast<uint64_t>(b) >= sizeof(T) * 8) return a < T(0) ? static_cast<T>(-1) : T(0);
    return static_cast<T>(a >> b);
  }
};
/// A conversion as NumPy's astype: to bool by != 0; a float that an integer cannot hold gives the least
/// integer.
template <class To, class From>
To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using Wide = int64_t;
    constexpr From limit = static_cast<From>(9223372036854775808.0);
    Wide wide = x >= -limit && x < limit ? static_cast<Wide>(x) : std::numeric_limits<Wide>::min();
    return static_cast<To>(wide);
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace scalar
