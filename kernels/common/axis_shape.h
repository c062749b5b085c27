// A tensor as (outer..., axis, inner...): what operators along one axis walk.
#pragma once
#include "kernels/common/tensor_view.h"

namespace miai {

/// The shape without the axis, and strides over it.
struct AxisShape {
  Shape rest;
  Strides strides;
  int64_t size, stride;  // of the axis

  AxisShape(const TensorMeta& meta, int axis)
      : rest(meta.shape), strides(meta.strides), size(meta.shape[axis]), stride(meta.strides[axis]) {
    rest.erase(axis);
    strides.erase(axis);
  }
};

}  // namespace miai
