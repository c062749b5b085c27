// A vector of at most kMaxRank elements that never allocates: shapes, strides, axes.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <span>

#include "kernels/common/error.h"

namespace miai {

inline constexpr int kMaxRank = 8;

template <class T>
class SmallVector {
 public:
  SmallVector() = default;
  SmallVector(std::initializer_list<T> items)
      : SmallVector(std::span<const T>(items.begin(), items.size())) {}
  explicit SmallVector(std::span<const T> items) {
    for (const T& item : items) push_back(item);
  }
  SmallVector(int size, const T& fill) { resize(size, fill); }

  void push_back(const T& item) {
    if (size_ == kMaxRank) raise(ErrorKind::kValue, "a tensor has at most ", kMaxRank, " dimensions");
    items_[size_++] = item;
  }
  void pop_back() { --size_; }
  void resize(int size, const T& fill = T{}) {
    if (size > kMaxRank)
      raise(ErrorKind::kValue, "a tensor has at most ", kMaxRank, " dimensions, got ", size);
    for (int i = size_; i < size; ++i) items_[i] = fill;
    size_ = static_cast<int8_t>(size);
  }
  void insert(int at, const T& item) {
    push_back(item);
    std::rotate(begin() + at, end() - 1, end());
  }
  void erase(int at) {
    std::copy(begin() + at + 1, end(), begin() + at);
    --size_;
  }
  void clear() { size_ = 0; }

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](int i) { return items_[i]; }
  const T& operator[](int i) const { return items_[i]; }
  T* begin() { return items_.data(); }
  T* end() { return items_.data() + size_; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }
  const T& back() const { return items_[size_ - 1]; }
  T& back() { return items_[size_ - 1]; }
  operator std::span<const T>() const { return {items_.data(), static_cast<size_t>(size_)}; }
  friend bool operator==(const SmallVector& a, const SmallVector& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::array<T, kMaxRank> items_{};
  int8_t size_ = 0;
};

template <class T>
std::ostream& operator<<(std::ostream& out, const SmallVector<T>& v) {
  out << '[';
  for (int i = 0; i < v.size(); ++i) out << (i ? ", " : "") << v[i];
  return out << ']';
}

using Shape = SmallVector<int64_t>;    // sizes
using Strides = SmallVector<int64_t>;  // in elements

inline int64_t element_count(const Shape& shape) {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  return n;
}
/// Row-major strides of a dense tensor.
inline Strides dense_strides(const Shape& shape) {
  Strides strides(shape.size(), 1);
  for (int i = shape.size() - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * std::max<int64_t>(shape[i + 1], 1);
  return strides;
}

}  // namespace miai
