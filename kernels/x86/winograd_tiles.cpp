#include "kernels/x86/winograd_tiles.h"

#include "kernels/common/rounding.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/pointwise_tiles.h"
#include "kernels/x86/transpose.h"

namespace miai::kernels {

const WinogradLoops& winograd_loops() {
  return choose_isa(baseline::winograd_loops, avx2::winograd_loops, avx512::winograd_loops);
}

WinogradTiles::WinogradTiles(int m, int64_t batch, const WinogradImages& outputs)
    : m(m), batch(batch), rows(divide_up(outputs.height, m)), columns(divide_up(outputs.width, m)) {}

int64_t tile_row_elements(int64_t channels) {
  constexpr int64_t kSets = 256;  // so that the rows of many tiles do not fall into a few sets of a cache
  const int64_t lanes = winograd_loops().lanes, whole = round_up(channels, lanes);
  return whole % kSets ? whole : whole + lanes;
}

void convert(const float* from, int64_t count, BFloat16* to) {
  tile_instructions().convert(DType::kFloat32, DType::kBFloat16)(to, from, nullptr, nullptr, count);
}
void convert(const BFloat16* from, int64_t count, float* to) {
  tile_instructions().convert(DType::kBFloat16, DType::kFloat32)(to, from, nullptr, nullptr, count);
}

WindowReader::WindowReader(const WinogradTiles& tiles, const WinogradWindows& windows, const void* images,
                           int64_t first_channel, int64_t channels, int64_t row, const float* zeros,
                           float* rows)
    : tiles_(tiles),
      windows_(windows),
      images_(images),
      first_channel_(first_channel),
      channels_(channels),
      row_(row),
      zeros_(zeros),
      rows_(rows) {}

int64_t WindowReader::row_elements(const WinogradTiles& tiles, const WinogradWindows& windows, int64_t row) {
  return windows.images.in_place() ? 0 : windows.side * (tiles.columns * tiles.m + 2) * row;
}

void WindowReader::read(int64_t first, int64_t last, float* to, int64_t plane) const {
  tiles_.for_each_run(first, last,
                      [&](const TileRun& run, int64_t at) { read_run(run, to + at * row_, plane); });
}

void WindowReader::read_run(const TileRun& run, float* to, int64_t plane) const {
  const WinogradImages& x = windows_.images;
  const int side = windows_.side, m = tiles_.m;
  const int64_t top = run.row * m - windows_.padding[0], left = run.first * m - windows_.padding[1];
  const int64_t begin = std::max<int64_t>(0, left),
                end = std::min(x.width, left + (run.count - 1) * m + side);
  if (!x.in_place()) lay_out(run.image, top, begin, end);
  const float* image = static_cast<const float*>(images_) + run.image * x.size() + first_channel_;
  const float* pixels[kMostWinogradPoints];
  for (int64_t t = 0; t < run.count; ++t) {
    for (int i = 0; i < side; ++i)
      for (int j = 0; j < side; ++j) {
        const int64_t h = top + i, w = left + t * m + j;
        const bool inside = h >= 0 && h < x.height && w >= 0 && w < x.width;
        pixels[i * side + j] = !inside        ? zeros_
                               : x.in_place() ? image + (h * x.width + w) * x.channels
                                              : rows_ + (i * (end - begin) + w - begin) * laid_out_pixel();
      }
    windows_.transform({pixels, channels_, to + t * row_, plane});
  }
}

/// The rows that a row of tiles reads, columns [begin, end), channels-last and float32.
void WindowReader::lay_out(int64_t image, int64_t top, int64_t begin, int64_t end) const {
  const WinogradImages& x = windows_.images;
  for (int i = 0; i < windows_.side; ++i) {
    const int64_t h = top + i;
    if (h < 0 || h >= x.height || begin >= end) continue;
    float* to = rows_ + i * (end - begin) * laid_out_pixel();
    const int64_t pixel = h * x.width + begin;
    if (x.channels_last) {
      const auto* from = static_cast<const BFloat16*>(images_) + image * x.size() + pixel * x.channels;
      convert(from, (end - begin) * x.channels, to);
    } else {
      const float* from = static_cast<const float*>(images_) + image * x.size() + pixel;
      transpose_function()(from + first_channel_ * x.height * x.width, x.height * x.width, channels_,
                           end - begin, to, row_);
    }
  }
}

}  // namespace miai::kernels
