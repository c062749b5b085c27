// Depthwise convolution of channels-last images: the lanes of a vector are channels, and each has a weight of
// its own. Pixels that see the same taps of the window form a rectangle; the loops run over one of them.
#pragma once
#include <cstdint>
#include <vector>

#include "kernels/common/kernel.h"
#include "kernels/x86/conv2d.h"

namespace miai::kernels {

/// Along one axis: outputs [begin, end), each of which sees taps [first_tap, last_tap). With a clip, the
/// first output does not see the first of them, or the last output the last one.
struct DepthwiseSpan {
  int64_t begin, end;
  size_t first_tap, last_tap;
  bool clips_first = false, clips_last = false;
};

/// Taps whose pixels follow each other: `pixels` is from an output's first pixel in the source to the first
/// of theirs, indices in the window (row by row) are index, index + index_step, ...
struct DepthwiseTaps {
  int64_t pixels, index, index_step;
  int count;
};
inline constexpr int kMostDepthwiseTaps = 3;  // that follow each other

/// Outputs that see the same taps, but for those that columns clip. Output (i, j) is written to pixel first +
/// i * row + j * column of the target, and a tap is found at pixel i * source_row + j * source_column +
/// pixels of the source.
struct DepthwiseRectangle {
  int64_t row_begin, row_end;
  DepthwiseSpan columns;
  std::vector<DepthwiseTaps> taps;  // where columns clip, one run a row
  int64_t first, row, column, source_row, source_column;
};

/// The rectangles of a convolution's output, or of its input for the gradient. Taps beyond the source are
/// left out.
std::vector<DepthwiseRectangle> depthwise_rectangles(const KernelSignature& signature);

/// float32, every image channels-last, one output for each input channel.
Support supports_depthwise(const KernelSignature& signature, const TensorMeta& weight);

// ---- the loops of one instruction set (depthwise.isa.cpp) ----

/// Some rows of a rectangle. What is a pointer stands at channel 0.
struct DepthwiseSums {
  const DepthwiseTaps* taps;
  int runs;          // of taps
  int64_t channels;  // and elements from one pixel to the next
  int64_t rows, columns;
  bool clips_first, clips_last;       // columns
  const float* source;                // at the first output
  int64_t source_row, source_column;  // elements; source_column a multiple of channels
  const float* weight;                // [tap index][pixel]
  const float* bias;                  // nullptr: none
  const float* z;                     // as y; nullptr: none
  float* y;                           // at the first output
  int64_t y_row, y_column;
  float least, most;  // y is held between them
};

/// sums[tap][channel] += x * dy over the pixels of some rows of a rectangle.
struct DepthwiseWeightSums {
  const DepthwiseTaps* taps;
  int runs;
  int64_t pixel;     // elements from one pixel to the next
  int64_t channels;  // of the part
  int64_t rows, columns;
  const float* x;
  int64_t x_row, x_column;
  const float* dy;
  int64_t dy_row;
  float* sums;  // [tap index][pixel]
};

struct DepthwiseLoops {
  void (*sums)(const DepthwiseSums&);
  void (*weight_sums)(const DepthwiseWeightSums&);
};

namespace baseline {
extern const DepthwiseLoops depthwise_loops;
}
namespace avx2 {
extern const DepthwiseLoops depthwise_loops;
}
namespace avx512 {
extern const DepthwiseLoops depthwise_loops;
}

const DepthwiseLoops& depthwise_loops();  // of the current instruction set

}  // namespace miai::kernels
