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

}  // namespace miai
