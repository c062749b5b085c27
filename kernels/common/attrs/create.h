// Attributes of operators that make tensors from nothing: arange, linspace, eye, iota.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct ArangeAttrs {
  Number start = 0, stop = 0, step = 1;
  DType dtype = DType::kFloat32;
  Device device;
  static auto fields() {
    return std::tuple{field("start", &ArangeAttrs::start, "first value"),
                      field("stop", &ArangeAttrs::stop, "end of the range, not included"),
                      field("step", &ArangeAttrs::step, "distance of values; not 0"),
                      field("dtype", &ArangeAttrs::dtype, "dtype of the output"),
                      field("device", &ArangeAttrs::device, "device of the output")};
  }
};
struct LinspaceAttrs {
  double start = 0, stop = 0;
  Dim num = 0;
  DType dtype = DType::kFloat32;
  Device device;
  static auto fields() {
    return std::tuple{field("start", &LinspaceAttrs::start, "first value"),
                      field("stop", &LinspaceAttrs::stop, "last value, included"),
                      field("num", &LinspaceAttrs::num, "how many values"),
                      field("dtype", &LinspaceAttrs::dtype, "dtype of the output"),
                      field("device", &LinspaceAttrs::device, "device of the output")};
  }
};

struct EyeAttrs {
  Dim N = 0;
  std::optional<Dim> M;
  DType dtype = DType::kFloat32;
  Device device;
  static auto fields() {
    return std::tuple{field("N", &EyeAttrs::N, "rows"), field("M", &EyeAttrs::M, "columns; None for N"),
                      field("dtype", &EyeAttrs::dtype, "dtype of the output"),
                      field("device", &EyeAttrs::device, "device of the output")};
  }
};

struct IotaAttrs {
  Dims shape;
  DType dtype = DType::kInt64;
  Device device;
  static auto fields() {
    return std::tuple{field("shape", &IotaAttrs::shape, "sizes of the output"),
                      field("dtype", &IotaAttrs::dtype, "dtype of the output"),
                      field("device", &IotaAttrs::device, "device of the output")};
  }
};

}  // namespace miai
