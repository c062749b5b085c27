// Indices that kernels read from tensors: conversion and checks.
#pragma once
#include <string_view>

#include "kernels/common/dtype.h"
#include "kernels/common/error.h"

namespace miai {

/// Raises IndexError: "gather: argument 'index': expected indices in [-5, 5) of axis 1, got 7".
[[noreturn]] inline void raise_bounds(std::string_view op, std::string_view argument, int64_t index, int axis,
                                      int64_t low, int64_t size) {
  raise(ErrorKind::kIndex, op, ": argument '", argument, "': expected indices in [", low, ", ", size,
        ") of axis ", axis, ", got ", index);
}

/// An index in [-size, size) made non-negative.
inline int64_t wrap_index(std::string_view op, std::string_view argument, int64_t index, int axis,
                          int64_t size) {
  int64_t wrapped = index < 0 ? index + size : index;
  if (wrapped < 0 || wrapped >= size) raise_bounds(op, argument, index, axis, -size, size);
  return wrapped;
}

/// Calls f.operator()<T>() with the C++ type of an integer dtype.
template <class F>
decltype(auto) visit_int(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kUInt8:
      return f.template operator()<uint8_t>();
    case DType::kInt8:
      return f.template operator()<int8_t>();
    case DType::kInt16:
      return f.template operator()<int16_t>();
    case DType::kInt32:
      return f.template operator()<int32_t>();
    default:
      return f.template operator()<int64_t>();
  }
}

/// a + b in T: bools by or, 16-bit floats through float32, integers without overflow traps.
template <class T>
T add_values(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a || b;
  } else if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(static_cast<U>(a) + static_cast<U>(b)));
  } else if constexpr (sizeof(T) == 2) {
    return T(static_cast<float>(a) + static_cast<float>(b));
  } else {
    return a + b;
  }
}

}  // namespace miai
