#include "kernels/x86/transpose.h"

#include <utility>

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;

/// Exchanges the halves of each group of 2 * Half lanes of a and b that lie across the diagonal.
template <int Half, bool Upper, int... Lane>
MIAI_INLINE Floats across(Floats a, Floats b, std::integer_sequence<int, Lane...>) {
  constexpr auto index = [](int lane) {
    const bool second = (lane & Half) != 0;
    return Upper ? (second ? kWide + lane : lane + Half) : (second ? kWide + lane - Half : lane);
  };
  return __builtin_shufflevector(a, b, index(Lane)...);
}
template <int Half = kWide / 2>
MIAI_INLINE void transpose_lanes(Floats* v) {
  constexpr auto lanes = std::make_integer_sequence<int, kWide>();
#pragma GCC unroll 16
  for (int i = 0; i < kWide; ++i) {
    if (i & Half) continue;
    Floats a = v[i], b = v[i + Half];
    v[i] = across<Half, false>(a, b, lanes);
    v[i + Half] = across<Half, true>(a, b, lanes);
  }
  if constexpr (Half > 1) transpose_lanes<Half / 2>(v);
}

void transpose_blocks(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to,
                      int64_t to_row) {
  for (int64_t i = 0; i < rows; i += kWide)
    for (int64_t j = 0; j < columns; j += kWide) {
      const int height = static_cast<int>(rows - i < kWide ? rows - i : kWide);
      const int width = static_cast<int>(columns - j < kWide ? columns - j : kWide);
      const float* in = from + i * from_row + j;
      float* out = to + j * to_row + i;
      Floats v[kWide] = {};
      if (height == kWide && width == kWide) {
#pragma GCC unroll 16
        for (int k = 0; k < kWide; ++k) v[k] = load(in + k * from_row);
        transpose_lanes(v);
#pragma GCC unroll 16
        for (int k = 0; k < kWide; ++k) store(out + k * to_row, v[k]);
        continue;
      }
      for (int k = 0; k < height; ++k) v[k] = load_some(in + k * from_row, width);
      transpose_lanes(v);
      for (int k = 0; k < width; ++k) store_some(out + k * to_row, v[k], height);
    }
}

}  // namespace

extern const Transpose transpose;
constexpr Transpose transpose = transpose_blocks;

}  // namespace miai::kernels::MIAI_ISA
