// The positions of a lane's elements in the order of their values.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <type_traits>

#include "kernels/common/kernel.h"

namespace miai::kernels::reference {

/// NaN is the greatest; equal values keep their order.
template <class T>
struct LaneOrder {
  const T* lane;
  int64_t stride;
  bool descending;

  bool operator()(int32_t a, int32_t b) const {
    auto x = comparable(lane[a * stride]), y = comparable(lane[b * stride]);
    if (descending ? is_less(y, x) : is_less(x, y)) return true;
    if (descending ? is_less(x, y) : is_less(y, x)) return false;
    return a < b;
  }

 private:
  static auto comparable(T x) {
    if constexpr (std::is_class_v<T>) {
      return static_cast<float>(x);
    } else {
      return x;
    }
  }
  template <class V>
  static bool is_less(V a, V b) {
    return a < b || (b != b && a == a);
  }
};

constexpr int64_t kSortBlock = int64_t{1} << 18;

/// Numbers of workspace of a lane: its order, and room to merge blocks.
inline int64_t lane_space(int64_t n) { return n > kSortBlock ? 2 * n : n; }

/// Block after block, then pairs of blocks merged by way of what follows the order: a long sort looks in
/// between whether it was cancelled.
template <class Less>
void sort_lane(int32_t* order, int64_t n, const Less& less, const KernelContext& context) {
  int32_t* spare = order + n;
  std::iota(order, order + n, 0);
  for (int64_t i = 0; i < n && !context.is_cancelled(); i += kSortBlock)
    std::sort(order + i, order + std::min(i + kSortBlock, n), less);
  for (int64_t width = kSortBlock; width < n; width *= 2) {
    for (int64_t i = 0; i < n && !context.is_cancelled(); i += 2 * width) {
      const int64_t middle = std::min(i + width, n), end = std::min(i + 2 * width, n);
      if (middle == end || !less(order[middle], order[middle - 1])) continue;
      std::merge(order + i, order + middle, order + middle, order + end, spare + i, less);
      std::copy(spare + i, spare + end, order + i);
    }
  }
}

}  // namespace miai::kernels::reference
