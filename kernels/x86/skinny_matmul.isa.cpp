#include "kernels/x86/skinny_matmul.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;
/// What the next round reads: hardware alone does not follow several streams at memory's speed.
MIAI_INLINE void fetch(const float* p) { _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T1); }

constexpr int kColumns = 4;  // of b that are read side by side

template <int Rows, int Columns>
MIAI_INLINE void dots_of(const SkinnyProduct& s, int64_t j) {
  Floats sums[Rows][Columns] = {};
  float tails[Rows][Columns] = {};
  const float* b = s.b + j * s.b_stride;
  int64_t p = 0;
  for (; p + kWide <= s.k; p += kWide)
    for (int c = 0; c < Columns; ++c) {
      Floats v = load(b + c * s.b_stride + p);
      fetch(b + (c + Columns) * s.b_stride + p);
      for (int r = 0; r < Rows; ++r) sums[r][c] = madd(load(s.a + r * s.a_row + p), v, sums[r][c]);
    }
  for (; p < s.k; ++p)
    for (int c = 0; c < Columns; ++c)
      for (int r = 0; r < Rows; ++r)
        tails[r][c] = madd(s.a[r * s.a_row + p], b[c * s.b_stride + p], tails[r][c]);
  for (int r = 0; r < Rows; ++r)
    for (int c = 0; c < Columns; ++c) s.c[r * s.c_row + j + c] = sum_halves<float>(sums[r][c]) + tails[r][c];
}

template <int Rows>
void dots_of(const SkinnyProduct& s) {
  int64_t j = 0;
  for (; j + kColumns <= s.n; j += kColumns) dots_of<Rows, kColumns>(s, j);
  for (; j < s.n; ++j) dots_of<Rows, 1>(s, j);
}

void dots(const SkinnyProduct& s) {
  switch (s.rows) {
    case 1:
      return dots_of<1>(s);
    case 2:
      return dots_of<2>(s);
    case 3:
      return dots_of<3>(s);
    default:
      return dots_of<4>(s);
  }
}

constexpr int kDepth = 4;  // rows of b that are read side by side

/// c (+)= the products with Depth rows of b from row p on.
template <int Depth>
MIAI_INLINE void add_rows(const SkinnyProduct& s, int64_t p) {
  const float* b = s.b + p * s.b_stride;
  for (int r = 0; r < s.rows; ++r) {
    const float* a = s.a + r * s.a_row + p;
    float* c = s.c + r * s.c_row;
    int64_t j = 0;
    for (; j + kWide <= s.n; j += kWide) {
      Floats sum = load(c + j);
      for (int d = 0; d < Depth; ++d) {
        sum = madd(splat(a[d]), load(b + d * s.b_stride + j), sum);
        if (r == 0) fetch(b + (d + Depth) * s.b_stride + j);
      }
      store(c + j, sum);
    }
    for (; j < s.n; ++j) {
      float sum = c[j];
      for (int d = 0; d < Depth; ++d) sum = madd(a[d], b[d * s.b_stride + j], sum);
      c[j] = sum;
    }
  }
}

void sums(const SkinnyProduct& s) {
  for (int r = 0; r < s.rows; ++r)
    for (int64_t j = 0; j < s.n; ++j) s.c[r * s.c_row + j] = 0;
  int64_t p = 0;
  for (; p + kDepth <= s.k; p += kDepth) add_rows<kDepth>(s, p);
  for (; p < s.k; ++p) add_rows<1>(s, p);
}

}  // namespace

extern const SkinnyLoops skinny_loops;
const SkinnyLoops skinny_loops = {dots, sums};

}  // namespace miai::kernels::MIAI_ISA
