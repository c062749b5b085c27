// Attributes of pick and pick_backward.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct PickAttrs {
  int64_t axis = 1;
  bool negative = false;
  std::string reported_op = "pick", reported_argument = "index";
  static auto fields() {
    return std::tuple{field("axis", &PickAttrs::axis, "the axis of which one element is picked"),
                      field("negative", &PickAttrs::negative, "negative indices count from the end"),
                      field("reported_op", &PickAttrs::reported_op, "operator that an error names"),
                      field("reported_argument", &PickAttrs::reported_argument, "argument that it names")};
  }
};

struct PickBackwardAttrs {
  int64_t axis = 1;
  Dim size;
  bool negative = false;
  static auto fields() {
    return std::tuple{field("axis", &PickBackwardAttrs::axis, "the axis of which one element was picked"),
                      field("size", &PickBackwardAttrs::size, "its size"),
                      field("negative", &PickBackwardAttrs::negative, "negative indices count from the end")};
  }
};

}  // namespace miai
