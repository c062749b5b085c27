// What is known of a tensor before it is computed: dtype, shape (dims may be symbolic), device.
#pragma once
#include "graph/ir/dim_expr.h"
#include "kernels/common/device.h"
#include "kernels/common/dtype.h"

namespace miai {

struct TensorType {
  DType dtype = DType::kFloat32;
  Dims shape;
  Device device;

  int rank() const { return shape.size(); }
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

/// Prints "float32[n0, 3]", with "@cpu:1" after it if not on cpu.
std::ostream& operator<<(std::ostream& out, const TensorType& type);

}  // namespace miai
