// Attributes of full.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct FullAttrs {
  Dims shape;
  double value = 0;
  DType dtype = DType::kFloat32;
  Device device;
  static auto fields() {
    return std::tuple{field("shape", &FullAttrs::shape, "sizes of the output"),
                      field("value", &FullAttrs::value, "every element"),
                      field("dtype", &FullAttrs::dtype, "dtype of the output"),
                      field("device", &FullAttrs::device, "device of the output")};
  }
};

}  // namespace miai
