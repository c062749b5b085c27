// Which elements of one axis a pooling window covers.
#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/common/attrs/pool2d.h"

namespace miai {

struct Window {
  int64_t begin, end;  // within the axis
  int64_t size() const { return end - begin; }
};

/// Windows of fixed size at a fixed step.
struct FixedWindows {
  int64_t taps, stride, padding, size;
  Window operator()(int64_t i) const {
    int64_t begin = i * stride - padding;
    return {std::max<int64_t>(begin, 0), std::min(begin + taps, size)};
  }
};

/// `count` windows that cover the axis evenly; sizes differ by one at most, neighbours may overlap.
struct AdaptiveWindows {
  int64_t count, size;
  Window operator()(int64_t i) const { return {i * size / count, ((i + 1) * size + count - 1) / count}; }
};

/// 1 / what the sum over a window of an average is divided by: its elements in the image, or a fixed count.
struct PoolShare {
  int64_t fixed = 0;  // 0: the elements in the image
  float operator()(Window rows, Window columns) const {
    return 1.f / static_cast<float>(fixed ? fixed : rows.size() * columns.size());
  }
};
inline PoolShare pool_share(const std::string& mode, const Pair& kernel_size) {
  return {mode == kExcludePadding ? 0 : kernel_size[0] * kernel_size[1]};
}

}  // namespace miai
