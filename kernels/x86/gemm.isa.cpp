#include "kernels/x86/gemm.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kTileRows = 12;
#elif defined(__AVX2__)
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 4;
#endif
constexpr int kTileVectors = 2;
template <class T>
constexpr int kTileColumns = kTileVectors * kLanes<T>;

/// Panels of x whose elements are 1 (Unit) or `across` apart.
template <class T, bool Unit>
MIAI_INLINE void pack_panels_of(const T* x, int64_t across, int64_t along, int64_t count, int64_t k,
                                int width, T* packed) {
  for (int64_t first = 0; first < count; first += width, packed += width * k) {
    int64_t used = count - first < width ? count - first : width;
    const T* from = x + first * across;
    for (int64_t p = 0; p < k; ++p) {
      T* to = packed + p * width;
      if (Unit && used == width) {
        for (int i = 0; i < width; ++i) to[i] = from[p * along + i];
        continue;
      }
      for (int64_t i = 0; i < used; ++i) to[i] = from[i * (Unit ? 1 : across) + p * along];
      for (int64_t i = used; i < width; ++i) to[i] = 0;
    }
  }
}

template <class T>
MIAI_INLINE void pack_panels(const T* x, int64_t across, int64_t along, int64_t count, int64_t k, int width,
                             T* packed) {
  if (across == 1) return pack_panels_of<T, true>(x, across, along, count, k, width, packed);
  pack_panels_of<T, false>(x, across, along, count, k, width, packed);
}

template <class T>
void pack_a(const T* a, int64_t row, int64_t col, int64_t m, int64_t k, T* packed) {
  pack_panels(a, row, col, m, k, kTileRows, packed);
}
template <class T>
void pack_b(const T* b, int64_t row, int64_t col, int64_t k, int64_t n, T* packed) {
  pack_panels(b, col, row, n, k, kTileColumns<T>, packed);
}

/// One tile: c[rows, columns] (+)= the product of two panels.
template <class T>
MIAI_INLINE void multiply_tile(const T* a, const T* b, int64_t k, T* c, int64_t c_row, bool accumulate) {
  Vector<T> sum[kTileRows][kTileVectors] = {};
  for (int64_t p = 0; p < k; ++p) {
    Vector<T> right[kTileVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) right[j] = load(b + p * kTileColumns<T> + j * kLanes<T>);
#pragma GCC unroll 16
    for (int i = 0; i < kTileRows; ++i) {
      Vector<T> left = splat(a[p * kTileRows + i]);
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) sum[i][j] = madd(left, right[j], sum[i][j]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      T* to = c + i * c_row + j * kLanes<T>;
      store(to, accumulate ? load(to) + sum[i][j] : sum[i][j]);
    }
}

template <class T>
void multiply(const T* a, const T* b, T* c, int64_t c_row, int64_t m, int64_t n, int64_t k, bool accumulate) {
  for (int64_t j = 0; j < n; j += kTileColumns<T>)
    for (int64_t i = 0; i < m; i += kTileRows) {
      const T *left = a + i * k, *right = b + j * k;
      T* to = c + i * c_row + j;
      if (m - i >= kTileRows && n - j >= kTileColumns<T>) {
        multiply_tile(left, right, k, to, c_row, accumulate);
        continue;
      }
      T tile[kTileRows * kTileColumns<T>];
      multiply_tile(left, right, k, tile, static_cast<int64_t>(kTileColumns<T>), false);
      for (int64_t r = 0; r < kTileRows && i + r < m; ++r)
        for (int64_t s = 0; s < kTileColumns<T> && j + s < n; ++s) {
          T value = tile[r * kTileColumns<T> + s];
          to[r * c_row + s] = accumulate ? to[r * c_row + s] + value : value;
        }
    }
}

/// Sums of products of two vectors without gaps.
template <class T>
MIAI_INLINE T dot(const T* a, const T* b, int64_t k) {
  Vector<T> sums = {};
  int64_t p = 0;
  for (; p + kLanes<T> <= k; p += kLanes<T>) sums = madd(load(a + p), load(b + p), sums);
  T sum = 0;
  for (int i = 0; i < kLanes<T>; ++i) sum += sums[i];
  for (; p < k; ++p) sum = madd(a[p], b[p], sum);
  return sum;
}

template <class T>
MIAI_INLINE void add_scaled(T scale, const T* x, T* y, int64_t n) {
  Vector<T> factor = splat(scale);
  int64_t j = 0;
  for (; j + kLanes<T> <= n; j += kLanes<T>) store(y + j, madd(factor, load(x + j), load(y + j)));
  for (; j < n; ++j) y[j] = madd(scale, x[j], y[j]);
}

template <class T>
void small(const Gemm<T>& g) {
  bool rows = g.b_col == 1 && g.n > 1, columns = !rows && g.a_col == 1 && g.b_row == 1;
  for (int64_t i = 0; i < g.m; ++i) {
    const T* a = g.a + i * g.a_row;
    T* c = g.c + i * g.c_row;
    if (!g.accumulate)
      for (int64_t j = 0; j < g.n; ++j) c[j] = 0;
    if (rows) {
      for (int64_t p = 0; p < g.k; ++p) add_scaled(a[p * g.a_col], g.b + p * g.b_row, c, g.n);
    } else if (columns) {
      for (int64_t j = 0; j < g.n; ++j) c[j] += dot(a, g.b + j * g.b_col, g.k);
    } else {
      for (int64_t j = 0; j < g.n; ++j)
        for (int64_t p = 0; p < g.k; ++p) c[j] = madd(a[p * g.a_col], g.b[p * g.b_row + j * g.b_col], c[j]);
    }
  }
}

template <class T>
constexpr GemmLoops<T> loops_of() {
  return {kTileRows, kTileColumns<T>, pack_a<T>, pack_b<T>, multiply<T>, small<T>};
}

}  // namespace

extern const GemmLoops<float> gemm_float;
extern const GemmLoops<double> gemm_double;
constexpr GemmLoops<float> gemm_float = loops_of<float>();
constexpr GemmLoops<double> gemm_double = loops_of<double>();

}  // namespace miai::kernels::MIAI_ISA
