// The loop nest of a pointwise call: broadcast operands over the output's shape, with dimensions collapsed.
#pragma once
#include <span>
#include <vector>

#include "kernels/common/tensor_view.h"

namespace miai::pointwise {

/// Strides in elements of every operand (outputs first, then inputs) over one collapsed shape.
struct Loop {
  Shape shape;                   // without dimensions of size 1; never empty: a scalar is [1]
  std::vector<Strides> strides;  // beside outputs, then inputs
  int64_t size = 1;

  /// Whether an operand's elements follow one another in the order of the loop.
  bool is_dense(size_t operand) const {
    int64_t expected = 1;
    for (int i = shape.size() - 1; i >= 0; --i) {
      if (shape[i] != 1 && strides[operand][i] != expected) return false;
      expected *= shape[i];
    }
    return true;
  }
  bool is_scalar(size_t operand) const {
    for (int64_t s : strides[operand])
      if (s != 0) return false;
    return true;
  }
};

/// What the inputs broadcast to.
Shape broadcast_shape(std::span<const TensorMeta> inputs);
Loop make_loop(std::span<const TensorMeta> outputs, std::span<const TensorMeta> inputs);

/// Walks runs along the innermost dimension: body(offset of each operand's first element, start, count).
class RunWalker {
 public:
  RunWalker(const Loop& loop, int64_t begin);
  /// The next run of at most `most` elements.
  int64_t take(int64_t most);
  int64_t offset(size_t operand) const;

 private:
  const Loop& loop_;
  Shape index_;
  Shape start_;
};

}  // namespace miai::pointwise
