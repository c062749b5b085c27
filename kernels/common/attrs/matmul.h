// Attributes of matmul.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct MatmulAttrs {
  bool transpose_a = false, transpose_b = false;
  static auto fields() {
    return std::tuple{
        field("transpose_a", &MatmulAttrs::transpose_a, "use the transpose of the last two axes of a"),
        field("transpose_b", &MatmulAttrs::transpose_b, "use the transpose of the last two axes of b")};
  }
};

}  // namespace miai
