// Loops of reductions, one table of them an instruction set (reduce.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

inline constexpr int kReduceColumns = 64;  // columns that are reduced side by side, at most

/// Folds elements into totals; NaN wins in max and min.
struct ReduceLoops {
  /// n elements that follow one another.
  using Row = double (*)(const float* x, int64_t n, double total);
  /// Row r begins at x + r * stride; column j goes to totals[j].
  using Columns = void (*)(const float* x, int64_t rows, int64_t stride, int columns, double* totals);
  Row sum, max, min;
  Columns column_sum, column_max, column_min;
};

namespace baseline {
extern const ReduceLoops reduce_loops;
}
namespace avx2 {
extern const ReduceLoops reduce_loops;
}
namespace avx512 {
extern const ReduceLoops reduce_loops;
}

}  // namespace miai::kernels
