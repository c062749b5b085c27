// A dimension: an integer, or an expression over symbols (graph/ir/dim_expr.h), in one tagged 64-bit word.
#pragma once
#include <cstdint>
#include <ostream>

#include "kernels/common/small_vector.h"

namespace miai {

class Dim {
 public:
  Dim() = default;
  /// Raises OverflowError outside of [-2**62, 2**62): one bit of the word is the tag.
  Dim(int64_t value) : word_(static_cast<uint64_t>(value) << 1) {  // NOLINT: an integer is a dimension
    if (static_cast<int64_t>(word_) >> 1 != value)
      raise(ErrorKind::kOverflow, "expected a size below 2**62, got ", value);
  }
  static Dim symbolic(uint32_t expression) {
    return Dim(Tag{}, (static_cast<uint64_t>(expression) << 1) | 1u);
  }

  bool is_static() const { return (word_ & 1u) == 0; }
  /// The integer; raises if symbolic.
  int64_t value() const {
    if (!is_static()) raise(ErrorKind::kValue, "the size of a dynamic dimension is not known here");
    return static_cast<int64_t>(word_) >> 1;
  }
  uint32_t expression() const { return static_cast<uint32_t>(word_ >> 1); }
  uint64_t word() const { return word_; }
  friend bool operator==(Dim a, Dim b) { return a.word_ == b.word_; }  // expressions are interned

 private:
  struct Tag {};
  Dim(Tag, uint64_t word) : word_(word) {}
  uint64_t word_ = 0;
};

/// Prints "3", or the expression once graph/ir has registered its printer.
std::ostream& operator<<(std::ostream& out, Dim dim);
using DimPrinter = void (*)(std::ostream&, uint32_t expression);
void set_dim_printer(DimPrinter printer);

using Dims = SmallVector<Dim>;

/// The sizes of dims that are all static; raises otherwise.
inline Shape static_shape(const Dims& dims) {
  Shape shape;
  for (Dim d : dims) shape.push_back(d.value());
  return shape;
}
inline Dims to_dims(const Shape& shape) {
  Dims dims;
  for (int64_t d : shape) dims.push_back(d);
  return dims;
}
inline bool is_static(const Dims& dims) {
  return std::all_of(dims.begin(), dims.end(), [](Dim d) { return d.is_static(); });
}

}  // namespace miai
