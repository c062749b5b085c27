// A double as a value of any dtype.
#pragma once
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/common/dtype.h"

namespace miai {

/// Rounds to the float types; truncates and saturates to the integers; NaN is 0 there and true as a bool.
template <class T>
T from_double(double value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_integral_v<T>) {
    using Limits = std::numeric_limits<T>;
    if (value != value) return 0;
    if (value <= static_cast<double>(Limits::min())) return Limits::min();
    if (value >= static_cast<double>(Limits::max())) return Limits::max();
    return static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, double>) {
    return value;
  } else {
    return T(static_cast<float>(value));
  }
}

}  // namespace miai
