// How reference kernels read and write elements of any dtype: floats compute in double, integers wrap in 64
// bits.
#pragma once
#include <type_traits>

#include "kernels/common/dtype.h"
#include "kernels/common/tensor_view.h"

namespace miai::kernels::reference {

template <class T>
inline constexpr bool kIsInteger = std::is_integral_v<T>;

/// What elements of T are summed in.
template <class T>
using Wide = std::conditional_t<kIsInteger<T>, uint64_t, double>;

template <class T>
Wide<T> widen(T value) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return static_cast<float>(value);
  else
    return static_cast<Wide<T>>(value);
}

template <class T>
T narrow(Wide<T> value) {
  if constexpr (std::is_same_v<T, bool>)
    return value != 0;
  else if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return T(static_cast<float>(value));
  else
    return static_cast<T>(value);
}

/// A view whose elements are read as W whatever their dtype is.
template <class W>
class Reader {
 public:
  explicit Reader(const TensorView& view) : data_(view.data), read_(reader_of(view.dtype)) {}
  W operator[](int64_t offset) const { return read_(data_, offset); }

 private:
  using Read = W (*)(const void*, int64_t);
  template <class T>
  static W read(const void* data, int64_t offset) {
    T value = static_cast<const T*>(data)[offset];
    if constexpr (kIsInteger<T>)
      return static_cast<W>(value);
    else
      return static_cast<W>(widen(value));
  }
  static Read reader_of(DType dtype) {
    return visit_dtype(dtype, []<class T>() -> Read { return &read<T>; });
  }
  const void* data_;
  Read read_;
};

/// Elements of a (n, c, h, w) view.
template <class T>
struct Image {
  T* data;
  Strides strides;
  explicit Image(const TensorView& view) : data(view.as<T>()), strides(view.strides) {}
  T& at(int64_t n, int64_t c, int64_t h, int64_t w) const {
    return data[n * strides[0] + c * strides[1] + h * strides[2] + w * strides[3]];
  }
};

}  // namespace miai::kernels::reference
