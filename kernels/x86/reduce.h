// Loops of reductions, one table of them an instruction set (reduce.isa.cpp).
#pragma once
#include <cstdint>
#include <type_traits>

#include "kernels/x86/isa.h"

namespace miai::kernels {

inline constexpr int kReduceColumns = 64;  // columns that are reduced side by side, at most

/// Folds elements into totals; NaN wins in max and min.
template <class T>
struct FoldLoops {
  /// n elements that follow one another.
  double (*row)(const T* x, int64_t n, double total);
  /// Row r begins at x + r * stride; column j goes to totals[j].
  void (*columns)(const T* x, int64_t rows, int64_t stride, int columns, double* totals);
};
template <class T>
struct LoopsOf {
  FoldLoops<T> sum, max, min;
};
struct ReduceLoops {
  LoopsOf<float> of_float;
  LoopsOf<double> of_double;
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

template <class T>
const LoopsOf<T>& reduce_loops() {
  const ReduceLoops& all = choose_isa(baseline::reduce_loops, avx2::reduce_loops, avx512::reduce_loops);
  if constexpr (std::is_same_v<T, float>)
    return all.of_float;
  else
    return all.of_double;
}

}  // namespace miai::kernels
