// Convolution without a matrix of windows. The image is laid out once with its zeros (a plane), and every tap
// of the window then reads that plane at one fixed distance from the output's position: rows follow each
// other, so the lanes of a vector run over positions whatever the width and the channels are. An image with
// stride s is laid out as s * s images, one a remainder of the index, each read without stride.
#pragma once
#include <cstdint>
#include <vector>

namespace miai::kernels {

/// Where one tap finds its element: `offset` after the position, in channel 0; `index` is kh * width + kw.
struct Tap {
  int64_t offset = 0;
  int64_t index = 0;
};

/// How the channels of an image lie in the workspace. Columns left of a row's first element are the zeros
/// behind the row before.
struct PlaneShape {
  int64_t height = 0, width = 0;             // of the image
  int64_t stride_h = 1, stride_w = 1;        // it is laid out as so many phases
  int64_t top = 0, left = 0;                 // zeros before the first row and the first element
  int64_t rows = 0, pitch = 0;               // of a phase
  int64_t phase_size = 0, channel_size = 0;  // elements

  int64_t phase_height(int64_t phase_row) const { return (height - phase_row + stride_h - 1) / stride_h; }
  int64_t phase_width(int64_t phase_column) const { return (width - phase_column + stride_w - 1) / stride_w; }
};

/// Lanes of a tile that hold outputs: `count` from `lane` on go to `to`, `step` apart (in elements of the
/// output's plane).
struct LaneRun {
  int lane = 0, count = 0;
  int64_t to = 0;
};

/// Positions [first, first + vectors * lanes) of all output channels.
struct PositionBlock {
  int64_t first = 0;
  int vectors = 2;
  int first_run = 0, run_count = 0;
};

/// Sums over taps and channels that give some or all positions of an output plane.
struct Correlation {
  std::vector<Tap> taps;
  std::vector<PositionBlock> blocks;
  std::vector<LaneRun> runs;
  int64_t step = 1;  // between neighbours in the output's row
};

/// One axis of a correlation: output i (of `count`, written to first + i * step) sums, over the taps, the
/// element i + shift of phase `phase`.
struct AxisTap {
  int64_t tap = 0, phase = 0, shift = 0;
};
struct AxisOutputs {
  int64_t first = 0, step = 1, count = 0;
  std::vector<AxisTap> taps;
};

/// conv2d along one axis.
AxisOutputs forward_axis(int64_t taps, int64_t stride, int64_t padding, int64_t dilation, int64_t count);
/// conv2d_backward_data along one axis: a set of outputs for each remainder of the index by the stride.
std::vector<AxisOutputs> backward_axis(int64_t taps, int64_t stride, int64_t padding, int64_t dilation,
                                       int64_t size);
/// Planes in which all of these find what they read. `lanes`: elements that a phase is rounded up to.
PlaneShape plane_shape(int64_t height, int64_t width, int64_t stride_h, int64_t stride_w,
                       const std::vector<AxisOutputs>& rows, const std::vector<AxisOutputs>& columns,
                       int64_t lanes);
/// `width`: of the output plane; `taps_w`: of the window. Positions are cut into blocks of 2 vectors of
/// `lanes`.
Correlation correlate(const PlaneShape& plane, const AxisOutputs& rows, const AxisOutputs& columns,
                      int64_t taps_w, int64_t width, int lanes);

// ---- the loops of one instruction set (conv2d.isa.cpp) ----

/// Sums of `rows` output channels at one block of positions.
template <class T>
struct ConvTile {
  const T* plane;  // channel 0, at the first position
  int64_t channels, channel_size;
  const Tap* taps;
  int tap_count;
  const T* weight;  // for each channel and tap, `rows` elements
  T* sums;          // [rows][vectors * lanes]
};

/// Products of `rows` channels of dy with `columns` shifted channels of the image, summed over the positions
/// of `images` images.
template <class T>
struct WeightTile {
  const T* dy;  // channel 0 of the tile, image 0
  int64_t dy_channel, dy_image;
  const T* const* x;  // one a column, at position 0 of image 0
  int64_t x_image;
  int64_t images, vectors;
  T* sums;  // [rows][columns]
};

/// One channel of a tile on its way out: y = relu(sums + bias + z), run by run.
template <class T>
struct RowOut {
  const T* sums;
  const LaneRun* runs;
  int run_count;
  int64_t step;
  T bias;
  const T* z;  // nullptr: none
  bool relu;
  T* y;
};

inline constexpr int kMostTileElements = 14 * 2 * 16;  // of any instruction set

template <class T>
struct ConvLoops {
  int lanes;
  int most_rows;                               // of a tile
  void (*const* tile[2])(const ConvTile<T>&);  // [vectors - 1][rows - 1]
  void (*write)(const RowOut<T>&);
  int weight_rows, weight_columns;                   // of a tile
  void (*const* weight_tile)(const WeightTile<T>&);  // [rows - 1]; all columns
  /// Lays out one channel of an image, whose elements are row and column apart.
  void (*lay_out)(const PlaneShape& shape, const T* image, int64_t row, int64_t column, T* plane);
};

namespace baseline {
extern const ConvLoops<float> conv_float;
extern const ConvLoops<double> conv_double;
}  // namespace baseline
namespace avx2 {
extern const ConvLoops<float> conv_float;
extern const ConvLoops<double> conv_double;
}  // namespace avx2
namespace avx512 {
extern const ConvLoops<float> conv_float;
extern const ConvLoops<double> conv_double;
}  // namespace avx512

/// Of the current instruction set.
template <class T>
const ConvLoops<T>& conv_loops();

}  // namespace miai::kernels
