// Attributes of softmax and log_softmax.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct SoftmaxAttrs {
  std::optional<int64_t> axis;
  static auto fields() {
    return std::tuple{field("axis", &SoftmaxAttrs::axis,
                            "the axis; None: 0 for tensors of rank 0, 1 and 3, else 1, as in MegEngine")};
  }
};

/// The axis, made non-negative.
inline int softmax_axis(const SoftmaxAttrs& attrs, int rank) {
  if (!attrs.axis) return rank <= 1 || rank == 3 ? 0 : 1;
  return static_cast<int>(*attrs.axis < 0 ? *attrs.axis + rank : *attrs.axis);
}

}  // namespace miai
