// Attributes of operators that move elements without computing: reshape, broadcast_to, transpose, slice,
// set_slice.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

/// reshape (one size may be -1) and broadcast_to.
struct ShapeAttrs {
  Dims shape;
  static auto fields() { return std::tuple{field("shape", &ShapeAttrs::shape, "sizes of the output")}; }
};

struct TransposeAttrs {
  Ints pattern;  // output axis i is input axis pattern[i]
  static auto fields() {
    return std::tuple{
        field("pattern", &TransposeAttrs::pattern, "input axis of each output axis; empty reverses all")};
  }
};

/// slice and set_slice: one entry for every axis, already clamped to the axis as Python's slice.indices does.
struct SliceAttrs {
  Dims start;   // in [0, size)
  Dims size;    // elements taken
  Ints stride;  // not 0; negative walks backwards
  static auto fields() {
    return std::tuple{field("start", &SliceAttrs::start, "first index of each axis"),
                      field("size", &SliceAttrs::size, "number of elements of each axis"),
                      field("stride", &SliceAttrs::stride, "distance between elements of each axis")};
  }
};

}  // namespace miai
