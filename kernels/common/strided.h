// Loops over strided tensors, for kernels that move elements.
#pragma once
#include <array>
#include <cstring>

#include "kernels/common/tensor_view.h"

namespace miai {

/// Calls f.operator()<T>() with an unsigned type of `bytes` (1, 2, 4 or 8): moving elements needs no dtype.
template <class F>
decltype(auto) visit_size(size_t bytes, F&& f) {
  switch (bytes) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    default:
      return f.template operator()<uint64_t>();
  }
}

/// Walks the indices of a shape in row-major order, keeping the element offset for each of N lists of
/// strides.
template <int N>
class Odometer {
 public:
  Odometer(const Shape& shape, const std::array<Strides, N>& strides) : shape_(shape), strides_(strides) {
    index_.resize(shape.size(), 0);
  }
  /// Starts at the row-major index `linear`.
  void seek(int64_t linear) {
    offsets_.fill(0);
    for (int i = shape_.size() - 1; i >= 0; --i) {
      index_[i] = linear % shape_[i];
      linear /= shape_[i];
      for (int n = 0; n < N; ++n) offsets_[n] += index_[i] * strides_[n][i];
    }
  }
  void next() {
    for (int i = shape_.size() - 1; i >= 0; --i) {
      for (int n = 0; n < N; ++n) offsets_[n] += strides_[n][i];
      if (++index_[i] < shape_[i]) return;
      for (int n = 0; n < N; ++n) offsets_[n] -= strides_[n][i] * shape_[i];
      index_[i] = 0;
    }
  }
  int64_t offset(int n) const { return offsets_[n]; }
  const Shape& index() const { return index_; }

 private:
  Shape shape_;
  std::array<Strides, N> strides_;
  std::array<int64_t, N> offsets_{};
  Shape index_;
};

/// Calls f(offset...) for each index of `shape` in row-major order.
template <class F, class... S>
void for_each_offset(const Shape& shape, F&& f, const S&... strides) {
  constexpr int kCount = sizeof...(S);
  int64_t count = element_count(shape);
  Odometer<kCount> at(shape, {strides...});
  for (int64_t i = 0; i < count; ++i, at.next())
    [&]<size_t... N>(std::index_sequence<N...>) { f(at.offset(N)...); }(std::make_index_sequence<kCount>());
}

}  // namespace miai
