// Attributes of reductions: sum, mean, max, min, prod, argmax, argmin, and others over axes.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct ReduceAttrs {
  std::optional<Ints> axis;  // None: all axes
  bool keepdims = false;
  static auto fields() {
    return std::tuple{field("axis", &ReduceAttrs::axis, "axis or axes to reduce; None for all"),
                      field("keepdims", &ReduceAttrs::keepdims, "keep the reduced axes with size 1")};
  }
};

/// Attributes of operators along one axis: softmax, log_softmax, concat, stack, gather, ...
struct AxisAttrs {
  int64_t axis = 0;
  static auto fields() {
    return std::tuple{field("axis", &AxisAttrs::axis, "the axis; negative ones count from the end")};
  }
};

}  // namespace miai
