// Attributes of unpack_bits.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct UnpackBitsAttrs {
  Dim count;
  static auto fields() { return std::tuple{field("count", &UnpackBitsAttrs::count, "bools in the output")}; }
};

}  // namespace miai
