// Attributes of cast.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct CastAttrs {
  DType dtype = DType::kFloat32;
  static auto fields() { return std::tuple{field("dtype", &CastAttrs::dtype, "dtype of the output")}; }
};

}  // namespace miai
