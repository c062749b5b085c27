// Attributes of operators on a list of axes: expand_dims, squeeze, flip, roll.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct AxesAttrs {
  Ints axis;
  static auto fields() {
    return std::tuple{field("axis", &AxesAttrs::axis, "axis or axes; negative ones count from the end")};
  }
};

struct OptionalAxesAttrs {
  std::optional<Ints> axis;
  static auto fields() {
    return std::tuple{field("axis", &OptionalAxesAttrs::axis, "axis or axes; None for all that apply")};
  }
};

}  // namespace miai
