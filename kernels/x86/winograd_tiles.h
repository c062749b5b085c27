// How the images of a convolution by Winograd's filtering are cut into tiles of m x m outputs, and the points
// of the windows that tiles read.
#pragma once
#include <algorithm>

#include "kernels/common/attrs/conv2d.h"
#include "kernels/common/dtype.h"
#include "kernels/x86/winograd.h"

namespace miai::kernels {

/// Those of the current instruction set.
const WinogradLoops& winograd_loops();

/// Images on one side of the convolution.
struct WinogradImages {
  int64_t channels = 0, height = 0, width = 0;
  bool channels_last = false;
  DType dtype = DType::kFloat32;  // or, channels-last, bfloat16
  int64_t size() const { return channels * height * width; }
  /// Tiles are read and written where the image lies; else in rows of pixels that are laid out for them.
  bool in_place() const { return channels_last && dtype == DType::kFloat32; }
};

/// Tiles of one row of tiles of one image.
struct TileRun {
  int64_t image, row, first, count;
};

/// Tiles are numbered image by image, row by row.
struct WinogradTiles {
  int m = 4;
  int64_t batch = 0, rows = 0, columns = 0;  // images; tiles of an image

  WinogradTiles() = default;
  WinogradTiles(int m, int64_t batch, const WinogradImages& outputs);
  int kind() const { return m == 4; }  // in the tables of loops
  int points() const { return winograd_points(m) * winograd_points(m); }
  int64_t count() const { return batch * rows * columns; }

  /// Calls visit(run, tiles before it) for tiles [first, last).
  template <class F>
  void for_each_run(int64_t first, int64_t last, F&& visit) const {
    for (int64_t t = first; t < last;) {
      const int64_t row = t / columns, column = t % columns;
      const int64_t count = std::min(columns - column, last - t);
      visit(TileRun{row / rows, row % rows, column, count}, t - first);
      t += count;
    }
  }
};

/// Values of float32 and bfloat16 by the vector.
void convert(const float* from, int64_t count, BFloat16* to);
void convert(const BFloat16* from, int64_t count, float* to);

/// Elements between the channels of one tile and those of the next, whole vectors.
int64_t tile_row_elements(int64_t channels);

/// What tiles read of images: side x side pixels, every m of them, the first `padding` before the image.
struct WinogradWindows {
  WinogradImages images;
  int side = 0;
  Pair padding{};
  void (*transform)(const WinogradInput&) = nullptr;
};

/// Makes points of the windows of some channels; of images of bfloat16, of all of them.
class WindowReader {
 public:
  /// zeros: `row` of them, the elements between two tiles; rows: row_elements() to lay images out.
  WindowReader(const WinogradTiles& tiles, const WinogradWindows& windows, const void* images,
               int64_t first_channel, int64_t channels, int64_t row, const float* zeros, float* rows);
  static int64_t row_elements(const WinogradTiles& tiles, const WinogradWindows& windows, int64_t row);
  /// Of tiles [first, last): those of tile `first` go to `to`, of the next one to `to + row`; a point's begin
  /// `plane` after those of the point before.
  void read(int64_t first, int64_t last, float* to, int64_t plane) const;

 private:
  void read_run(const TileRun& run, float* to, int64_t plane) const;
  /// Elements from one pixel to the next: all channels of an image that is converted, else those that are
  /// read.
  int64_t laid_out_pixel() const { return windows_.images.channels_last ? windows_.images.channels : row_; }
  void lay_out(int64_t image, int64_t top, int64_t begin, int64_t end) const;

  const WinogradTiles& tiles_;
  const WinogradWindows& windows_;
  const void* images_;
  int64_t first_channel_, channels_, row_;
  const float* zeros_;
  float* rows_;
};

}  // namespace miai::kernels
