// What the reference's reductions do with an element and with the last total.
#pragma once
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/common/dtype.h"

namespace miai::kernels {

/// What an element is accumulated in: 64 bits, so that long sums keep their digits.
template <class T>
using Wide = std::conditional_t<std::is_integral_v<T>, int64_t, double>;

template <class T>
Wide<T> widen(T x) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return static_cast<float>(x);
  else
    return static_cast<Wide<T>>(x);
}
template <class R, class W>
R narrow(W x) {
  if constexpr (std::is_same_v<R, Float16> || std::is_same_v<R, BFloat16>)
    return R(static_cast<float>(x));
  else
    return static_cast<R>(x);
}

template <class W>
bool is_nan(W x) {
  return x != x;
}

struct SumSteps {
  template <class W>
  static W start() {
    return 0;
  }
  template <class W>
  static W step(W a, W x) {
    return a + x;
  }
  template <class W>
  static W end(W a, int64_t) {
    return a;
  }
};
struct MeanSteps : SumSteps {
  template <class W>
  static double end(W a, int64_t n) {
    return static_cast<double>(a) / static_cast<double>(n);
  }
};
struct ProdSteps {
  template <class W>
  static W start() {
    return 1;
  }
  template <class W>
  static W step(W a, W x) {
    return a * x;
  }
  template <class W>
  static W end(W a, int64_t) {
    return a;
  }
};
struct MaxSteps {
  template <class W>
  static W start() {
    return std::numeric_limits<W>::has_infinity ? -std::numeric_limits<W>::infinity()
                                                : std::numeric_limits<W>::min();
  }
  template <class W>
  static W step(W a, W x) {
    return a > x || is_nan(a) ? a : x;
  }
  template <class W>
  static W end(W a, int64_t) {
    return a;
  }
};
struct MinSteps {
  template <class W>
  static W start() {
    return std::numeric_limits<W>::has_infinity ? std::numeric_limits<W>::infinity()
                                                : std::numeric_limits<W>::max();
  }
  template <class W>
  static W step(W a, W x) {
    return a < x || is_nan(a) ? a : x;
  }
  template <class W>
  static W end(W a, int64_t) {
    return a;
  }
};

}  // namespace miai::kernels
