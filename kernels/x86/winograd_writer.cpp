#include "kernels/x86/winograd_writer.h"

#include <limits>

#include "kernels/x86/transpose.h"

namespace miai::kernels {

void WindowWriter::write(int64_t first, int64_t last, int64_t channel, int64_t count, const float* sums,
                         int64_t row, int64_t plane) const {
  tiles_.for_each_run(first, last, [&](const TileRun& run, int64_t at) {
    write_run(run, {channel, count, row, plane}, sums + at * row);
  });
}

void WindowWriter::write_run(const TileRun& run, const Part& part, const float* sums) const {
  const WinogradImages& y = target_.images;
  const int m = tiles_.m;
  const int64_t top = run.row * m, left = run.first * m, image = run.image * y.size();
  const int64_t height = std::min<int64_t>(m, y.height - top);
  const int64_t width = std::min(run.count * m, y.width - left);
  float* in_place = y.in_place() ? static_cast<float*>(target_.data) + image + part.channel : nullptr;
  const float* z = target_.z ? target_.z + image + part.channel : nullptr;
  for (int64_t t = 0; t < run.count; ++t) {
    float* pixels[kMostWinogradPoints] = {};
    const float* added[kMostWinogradPoints] = {};
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < m && t * m + j < width; ++j) {
        const int64_t pixel = (top + i) * y.width + left + t * m + j;
        pixels[i * m + j] = in_place ? in_place + pixel * y.channels : rows_ + (i * width + t * m + j) * row_;
        if (z) added[i * m + j] = z + pixel * y.channels;
      }
    write_tile(part, sums + t * part.row, pixels, z ? added : nullptr);
  }
  if (in_place) return;
  for (int64_t i = 0; i < height; ++i)
    write_row(part, rows_ + i * width * row_, width, image, (top + i) * y.width + left);
}

void WindowWriter::write_tile(const Part& part, const float* sums, float* const* pixels,
                              const float* const* z) const {
  const Bounds bounds = bounds_of(target_.activation);
  winograd_loops().output[tiles_.kind()]({sums, part.plane, part.count,
                                          target_.bias ? target_.bias + part.channel : nullptr, z, pixels,
                                          bounds.least, bounds.most});
  if (bounds.after == Activation::kIdentity) return;
  for (int i = 0; i < tiles_.m * tiles_.m; ++i)
    if (pixels[i]) activate(bounds.after, pixels[i], part.count);
}

/// From a row that was laid out to that many pixels of an image from `pixel` on.
void WindowWriter::write_row(const Part& part, const float* from, int64_t pixels, int64_t image,
                             int64_t pixel) const {
  const WinogradImages& y = target_.images;
  if (y.channels_last)
    convert(from, pixels * y.channels, static_cast<BFloat16*>(target_.data) + image + pixel * y.channels);
  else
    transpose_function()(
        from, row_, pixels, part.count,
        static_cast<float*>(target_.data) + image + part.channel * y.height * y.width + pixel,
        y.height * y.width);
}

}  // namespace miai::kernels
