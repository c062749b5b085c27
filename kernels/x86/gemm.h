// Matrix products of ours: any strides in, rows without gaps out. The result does not depend on the number of
// threads.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/common/kernel.h"

namespace miai::kernels {

/// c[m, n] (+)= a[m, k] * b[k, n]; element (i, p) of a is a[i * a_row + p * a_col].
template <class T>
struct Gemm {
  int64_t m, n, k;
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row, b_col;
  T* c;
  int64_t c_row;
  bool accumulate = false;
};

/// Bytes of workspace that a product of these sizes needs.
template <class T>
size_t gemm_workspace(int64_t m, int64_t n, int64_t k);
/// Uses the threads at hand; stops half-way when cancelled.
template <class T>
void gemm(const Gemm<T>& product, void* workspace, const KernelContext& context);

// ---- the loops of one instruction set (gemm.isa.cpp) ----

template <class T>
struct GemmLoops {
  int rows, columns;  // of a tile
  // Panels of `rows` rows of a (or `columns` columns of b), each with its k elements in order, padded with
  // zeros.
  void (*pack_a)(const T* a, int64_t row, int64_t col, int64_t m, int64_t k, T* packed);
  void (*pack_b)(const T* b, int64_t row, int64_t col, int64_t k, int64_t n, T* packed);
  void (*multiply)(const T* a, const T* b, T* c, int64_t c_row, int64_t m, int64_t n, int64_t k,
                   bool accumulate);
  void (*small)(const Gemm<T>& product);  // without packing
};

/// Those of the current instruction set.
template <class T>
const GemmLoops<T>& gemm_loops();

namespace baseline {
extern const GemmLoops<float> gemm_float;
extern const GemmLoops<double> gemm_double;
}  // namespace baseline
namespace avx2 {
extern const GemmLoops<float> gemm_float;
extern const GemmLoops<double> gemm_double;
}  // namespace avx2
namespace avx512 {
extern const GemmLoops<float> gemm_float;
extern const GemmLoops<double> gemm_double;
}  // namespace avx512

}  // namespace miai::kernels
