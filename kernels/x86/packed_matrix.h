// A matrix packed once for many products with a few rows, each of them on the caller's thread.
#pragma once
#include <algorithm>

#include "kernels/common/rounding.h"
#include "kernels/x86/gemm.h"

namespace miai::kernels {

/// Rows and columns of results are padded to multiples of these: of the tiles of every instruction set.
inline constexpr int64_t kPackedRows = 12, kPackedColumns = 32;
inline constexpr int64_t kPackedDepth = 256;  // of the sums that are made at a time

class PackedMatrix {
 public:
  /// Floats of memory for b[k, n], and for the rows of one product.
  static int64_t size(int64_t k, int64_t n) { return k * round_up(n, kPackedColumns); }
  static int64_t row_size(int64_t rows, int64_t k) {
    return round_up(rows, kPackedRows) * std::min(k, kPackedDepth);
  }

  /// Element (p, j) is b[p * row + j * column].
  PackedMatrix(const float* b, int64_t row, int64_t column, int64_t k, int64_t n, float* memory)
      : loops_(gemm_loops<float>()), k_(k), n_(round_up(n, kPackedColumns)), packed_(memory) {
    for (int64_t p = 0; p < k; p += kPackedDepth) {
      int64_t depth = std::min(kPackedDepth, k - p);
      int64_t columns = round_up(n, loops_.columns);
      loops_.pack_b(b + p * row, row, column, depth, n, packed_ + p * n_);
      std::fill(packed_ + p * n_ + columns * depth, packed_ + (p + depth) * n_, 0.0f);
    }
  }

  /// c (+)= a[rows, k] * b; c has its rows and columns padded, and c_row is the padded number of columns.
  void multiply(const float* a, int64_t a_row, int64_t rows, float* c, bool accumulate,
                float* scratch) const {
    for (int64_t p = 0; p < k_; p += kPackedDepth) {
      int64_t depth = std::min(kPackedDepth, k_ - p);
      loops_.pack_a(a + p, a_row, 1, rows, depth, scratch);
      loops_.multiply(scratch, packed_ + p * n_, c, n_, round_up(rows, loops_.rows), n_, depth,
                      accumulate || p > 0);
    }
  }
  int64_t padded_columns() const { return n_; }

 private:
  const GemmLoops<float>& loops_;
  int64_t k_, n_;
  float* packed_;
};

}  // namespace miai::kernels
