// Attributes of dim_value.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct DimValueAttrs {
  Dim dim;
  Device device;
  static auto fields() {
    return std::tuple{field("dim", &DimValueAttrs::dim, "a size, symbolic in a trace with dynamic dims"),
                      field("device", &DimValueAttrs::device, "device of the output")};
  }
};

}  // namespace miai
