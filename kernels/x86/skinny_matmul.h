// Products of a few rows with a large matrix (a token's, or one image's, last layers): the matrix is read
// once, as fast as memory gives it, and never packed. One table of loops an instruction set
// (skinny_matmul.isa.cpp).
#pragma once
#include <cstdint>

namespace miai::kernels {

inline constexpr int kSkinnyRows = 4;  // at most

/// c[i, j] = sum over p of a[i, p] * b[p, j] for the rows i and columns j < n.
struct SkinnyProduct {
  int rows;
  int64_t n, k;
  const float* a;
  int64_t a_row;
  const float* b;
  int64_t b_stride;  // between columns of `dots`, between rows of `sums`
  float* c;
  int64_t c_row;
};

struct SkinnyLoops {
  void (*dots)(const SkinnyProduct& product);  // each column of b lies without gaps
  void (*sums)(const SkinnyProduct& product);  // each row of b lies without gaps
};

namespace baseline {
extern const SkinnyLoops skinny_loops;
}
namespace avx2 {
extern const SkinnyLoops skinny_loops;
}
namespace avx512 {
extern const SkinnyLoops skinny_loops;
}

}  // namespace miai::kernels
