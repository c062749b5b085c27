// The outputs of tiles, made of sums of points and written to images: the other end of WindowReader.
#pragma once
#include "kernels/x86/winograd_tiles.h"

namespace miai::kernels {

/// What becomes of a convolution's outputs, and where they go.
struct WinogradTarget {
  const WinogradImages& images;
  void* data;
  const float* bias;  // null: none
  const float* z;     // as the images; null: none
  Activation activation;
};

class WindowWriter {
 public:
  /// rows: row_elements() to lay out images that are not written in place, their pixels `row` elements apart.
  WindowWriter(const WinogradTiles& tiles, const WinogradTarget& target, int64_t row, float* rows)
      : tiles_(tiles), target_(target), row_(row), rows_(rows) {}
  static int64_t row_elements(const WinogradTiles& tiles, const WinogradImages& images, int64_t row) {
    return images.in_place() ? 0 : tiles.columns * tiles.m * tiles.m * row;
  }
  /// Of tiles [first, last) channels [channel, channel + count), of bfloat16 all: the sums of tile `first`
  /// are at `sums`, of the next one at sums + row; a point's begin `plane` after those of the point before.
  void write(int64_t first, int64_t last, int64_t channel, int64_t count, const float* sums, int64_t row,
             int64_t plane) const;

 private:
  struct Part {
    int64_t channel, count;
    int64_t row, plane;  // of the sums
  };
  void write_run(const TileRun& run, const Part& part, const float* sums) const;
  void write_tile(const Part& part, const float* sums, float* const* pixels, const float* const* z) const;
  void write_row(const Part& part, const float* from, int64_t pixels, int64_t image, int64_t pixel) const;

  const WinogradTiles& tiles_;
  WinogradTarget target_;
  int64_t row_;
  float* rows_;
};

}  // namespace miai::kernels
