// Attributes of a reduction whose elements a pointwise program makes.
#pragma once
#include "kernels/common/attrs/pointwise.h"
#include "kernels/common/attrs/reduce.h"

namespace miai {

struct PointwiseReduceAttrs {
  pointwise::Program program;
  std::string reduction;     // the operator's name
  std::optional<Ints> axis;  // None: all axes
  bool keepdims = false;
  static auto fields() {
    return std::tuple{
        field("program", &PointwiseReduceAttrs::program, "scalar instructions, one a register"),
        field("reduction", &PointwiseReduceAttrs::reduction, "'sum', 'mean', 'max' or 'min'"),
        field("axis", &PointwiseReduceAttrs::axis, "axis or axes to reduce; None for all"),
        field("keepdims", &PointwiseReduceAttrs::keepdims, "keep the reduced axes with size 1")};
  }
};

}  // namespace miai
