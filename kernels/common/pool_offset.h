// The index of a maximum in its image, and its offset in its window of at most 256 elements: row * columns of
// the window + column.
#pragma once
#include "kernels/common/attrs/pool2d.h"

namespace miai {

struct PoolOffset {
  int64_t rows, columns, width, stride_h, stride_w, padding_h, padding_w;

  explicit PoolOffset(const PoolOffsetAttrs& a)
      : rows(a.kernel_size[0]),
        columns(a.kernel_size[1]),
        width(a.width.value()),
        stride_h(a.stride[0]),
        stride_w(a.stride[1]),
        padding_h(a.padding[0]),
        padding_w(a.padding[1]) {}

  /// Where the image's index of the window's first element is counted from, be it in the padding.
  int64_t begin(int64_t i, int64_t j) const {
    return (i * stride_h - padding_h) * width + j * stride_w - padding_w;
  }
  // Counting rows takes less than dividing.
  uint8_t offset(int64_t index, int64_t begin) const {
    int64_t distance = index - begin, row = 0;
    for (int64_t r = 1; r < rows; ++r) row += distance >= r * width;
    return static_cast<uint8_t>(distance - row * (width - columns));
  }
  int32_t index(uint8_t offset, int64_t begin) const {
    int64_t row = 0;
    for (int64_t r = 1; r < rows; ++r) row += offset >= r * columns;
    return static_cast<int32_t>(begin + offset + row * (width - columns));
  }
};

}  // namespace miai
