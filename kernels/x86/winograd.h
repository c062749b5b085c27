// Convolution with windows of 3 x 3 by Winograd's minimal filtering (Lavin and Gray, arXiv:1509.09308): a
// tile of m x m outputs takes (m + 2)^2 products a channel, where the sums themselves take 9 m^2.
#pragma once
#include <cstdint>

#include "kernels/x86/epilogue.h"

namespace miai::kernels {

/// Points of one side of a tile of m outputs.
constexpr int winograd_points(int m) { return m + 2; }
inline constexpr int kMostWinogradPoints = 36;  // of a tile of 4 x 4

/// A part of the weight: one channel of the source, `count` channels of the output.
struct WinogradWeight {
  const float* weight;
  int64_t out;   // from one channel of the output to the next
  bool flipped;  // taps in reverse order: the gradient for the input
  int count;     // at most lanes
  float* to;
  int64_t plane;  // from one point to the next
};

/// The points of some channels of a panel of the weight whose taps lie [channel][tap][vectors].
struct WinogradPanel {
  const float* taps;
  int64_t channels, vectors;
  bool flipped;  // taps in reverse order
  float* to;     // of a point: [channel][vectors]
  int64_t plane;
};

/// A tile's pixels that become points: (m + 2)^2 of the source, or m^2 of the output's gradient.
struct WinogradInput {
  const float* const* pixels;  // of each, its channels without gaps
  int64_t channels;
  float* to;  // whole vectors are written
  int64_t plane;
};

/// The sums over channels of one point: m[row, column] = sum over c of v[row, c] * u[c, column]. u lies in
/// panels of two vectors of columns, the last one may have one: each holds its columns of channel 0, 1, ...
struct WinogradProduct {
  const float* v;
  int64_t v_row;
  const float* u;
  float* m;
  int64_t m_row;
  int64_t rows, channels, vectors;
  bool adds = false;  // the sums to what m holds
};

/// The same sums over tiles, for the weight's gradient: u[row, column] = sum over t of v[t, row] * m[t,
/// column].
struct WinogradTileProduct {
  const float* v;
  int64_t v_row;
  const float* m;
  int64_t m_row;
  float* u;
  int64_t u_row;
  int64_t tiles, rows, vectors;
  bool adds;  // the sums to what u holds
};

/// A part of the weight's gradient: the taps of one channel of the source, `count` channels of the output.
struct WinogradTaps {
  const float* from;
  int64_t plane;
  int count;  // at most lanes
  float* weight;
  int64_t out;  // from one channel of the output to the next
};

/// One tile of the output.
struct WinogradOutput {
  const float* from;
  int64_t plane;
  int64_t channels;
  const float* bias;      // null: none
  const float* const* z;  // added, of each output; null: none
  float* const* pixels;   // of each output, its channels without gaps; null: outside of the image
  float low, high;        // the sums are clamped to
};

/// The functions of one instruction set; those of tiles for m = 2 and m = 4.
struct WinogradLoops {
  int lanes;
  int rows;  // of a product that are summed at once
  void (*weight[2])(const WinogradWeight&);
  void (*panel[2])(const WinogradPanel&);
  void (*input[2])(const WinogradInput&);
  void (*output[2])(const WinogradOutput&);
  void (*multiply)(const WinogradProduct&);
  // of the weight's gradient
  void (*output_gradient[2])(const WinogradInput&);
  void (*multiply_over_tiles)(const WinogradTileProduct&);
  void (*taps[2])(const WinogradTaps&);
};

namespace baseline {
extern const WinogradLoops winograd_loops;
}
namespace avx2 {
extern const WinogradLoops winograd_loops;
}
namespace avx512 {
extern const WinogradLoops winograd_loops;
}

}  // namespace miai::kernels
