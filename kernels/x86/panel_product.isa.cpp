#include "kernels/x86/panel_product.h"

#include <utility>

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

// A unit is half a vector where the instruction set has such vectors: channels are often a multiple of 8, and
// half a vector takes half the time where vectors are cut in two by the processor.
constexpr int kWide = kLanes<float>;
#if defined(__AVX512F__)
constexpr int kUnit = kWide / 2, kMostRows = 8, kMostUnits = 6;  // of 32 registers
#elif defined(__AVX2__)
constexpr int kUnit = kWide / 2, kMostRows = 6, kMostUnits = 4;  // of 16 registers
#else
constexpr int kUnit = kWide, kMostRows = 4, kMostUnits = 2;
#endif

typedef float Half __attribute__((vector_size(kUnit * sizeof(float))));
typedef float LooseHalf __attribute__((vector_size(kUnit * sizeof(float)), aligned(4), may_alias));

MIAI_INLINE Half load_half(const float* p) { return *reinterpret_cast<const LooseHalf*>(p); }
template <int... Lane>
MIAI_INLINE Half lower_half(Floats v, std::integer_sequence<int, Lane...>) {
  return __builtin_shufflevector(v, v, Lane...);
}
MIAI_INLINE Half lower_half(Floats v) { return lower_half(v, std::make_integer_sequence<int, kUnit>()); }

#if defined(__AVX512F__)
MIAI_INLINE Half madd_half(Half a, Half b, Half c) {
  return (Half)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
#elif defined(__AVX2__)
MIAI_INLINE Half madd_half(Half a, Half b, Half c) {
  return (Half)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
}
#endif

template <class V>
MIAI_INLINE V load_all(const float* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof(V));
  return v;
}

/// Some columns' sums on their way out: those of row i are sums[i * Next].
template <int Rows, int Next, class V>
MIAI_INLINE void write(const PanelRows& s, int64_t first, int64_t column, const V* sums) {
  const V least = s.least - V{}, most = s.most - V{};
  const int64_t y_row = s.y_row, at = first * y_row + column;
  float* y = s.y + at;
  const float* z = s.z ? s.z + at : nullptr;
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    V sum = sums[i * Next];
    if (z) sum += load_all<V>(z + i * y_row);
    sum = sum < least ? least : sum;  // NaN stays
    sum = sum > most ? most : sum;
    __builtin_memcpy(y + i * y_row, &sum, sizeof(V));
  }
}

/// The same where the panel is wider than what is left of the columns; the sums of a row are `width` apart.
__attribute__((noinline)) void write_some(const PanelRows& s, int64_t first, int rows, const float* sums,
                                          int width) {
  for (int i = 0; i < rows; ++i)
    for (int64_t j = 0; j < s.columns; ++j) {
      const int64_t at = (first + i) * s.y_row + j;
      float sum = sums[i * width + j] + (s.bias ? s.bias[j] : 0.0f);
      if (s.z) sum += s.z[at];
      sum = sum < s.least ? s.least : sum;
      s.y[at] = sum > s.most ? s.most : sum;
    }
}

template <int Units, int Rows>
void multiply_rows(const PanelRows& s, int64_t first) {
  constexpr int kVectors = Units * kUnit / kWide, kColumns = Units * kUnit;
  constexpr bool kHasHalf = kVectors * kWide < kColumns;
  const bool whole = s.columns >= kColumns;
  Floats sum[Rows][kVectors + 1] = {};
  Half half[Rows] = {};
  if (whole && s.bias)
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[i][j] = load(s.bias + j * kWide);
      if constexpr (kHasHalf) half[i] = load_half(s.bias + kVectors * kWide);
    }
  const float *x = s.x + first * s.x_row, *w = s.panel;
  const int64_t x_row = s.x_row;
  for (int64_t p = 0; p < s.k; ++p, w += kColumns) {
    Floats right[kVectors + 1];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) right[j] = load(w + j * kWide);
    Half right_half = {};
    if constexpr (kHasHalf) right_half = load_half(w + kVectors * kWide);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
      const Floats left = splat(x[i * x_row + p]);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[i][j] = madd(left, right[j], sum[i][j]);
      if constexpr (kHasHalf) half[i] = madd_half(lower_half(left), right_half, half[i]);
    }
  }
  if (whole) {
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) write<Rows, kVectors + 1>(s, first, j * kWide, &sum[0][j]);
    if constexpr (kHasHalf) write<Rows, 1>(s, first, kVectors * kWide, half);
    return;
  }
  float sums[Rows * kColumns];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) store(sums + i * kColumns + j * kWide, sum[i][j]);
    if constexpr (kHasHalf) __builtin_memcpy(sums + i * kColumns + kVectors * kWide, &half[i], sizeof(Half));
  }
  write_some(s, first, Rows, sums, kColumns);
}

template <int Units, class Rows>
struct Tiles;
template <int Units, int... Rows>
struct Tiles<Units, std::integer_sequence<int, Rows...>> {
  static constexpr void (*of[])(const PanelRows&, int64_t) = {multiply_rows<Units, Rows + 1>...};
};

/// Rows are cut into tiles of nearly the same number.
template <int Units>
void multiply(const PanelRows& s) {
  const int64_t tiles = (s.rows + kMostRows - 1) / kMostRows;
  for (int64_t i = 0; i < tiles; ++i) {
    const int64_t begin = i * s.rows / tiles, end = (i + 1) * s.rows / tiles;
    Tiles<Units, std::make_integer_sequence<int, kMostRows>>::of[end - begin - 1](s, begin);
  }
}

template <class Units>
struct Widths;
template <int... Units>
struct Widths<std::integer_sequence<int, Units...>> {
  static constexpr void (*of[])(const PanelRows&) = {multiply<Units + 1>...};
};

}  // namespace

extern const PanelLoops panel_loops;
constexpr PanelLoops panel_loops = {kMostRows, kUnit, kMostUnits,
                                    Widths<std::make_integer_sequence<int, kMostUnits>>::of};

}  // namespace miai::kernels::MIAI_ISA
