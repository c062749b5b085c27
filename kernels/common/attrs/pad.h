// Attributes of pad and pad_backward.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct PadAttrs {
  Ints pad_width;
  std::string mode = "constant";
  double constant_value = 0;
  static auto fields() {
    return std::tuple{
        field("pad_width", &PadAttrs::pad_width, "elements before and after, for every axis"),
        field("mode", &PadAttrs::mode, "constant, edge (or replicate), reflect, wrap (or circular)"),
        field("constant_value", &PadAttrs::constant_value, "what mode constant adds")};
  }
};

}  // namespace miai
