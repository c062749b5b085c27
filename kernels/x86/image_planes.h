// Images (n, c, h, w) as n * c planes whose elements lie without gaps.
#pragma once
#include <string>

#include "kernels/common/kernel.h"
#include "kernels/common/supported_dtypes.h"

namespace miai::kernels {

inline bool has_dense_planes(const TensorMeta& x) {
  return x.size() == 0 ||
         ((x.shape[3] == 1 || x.strides[3] == 1) && (x.shape[2] == 1 || x.strides[2] == x.shape[3]));
}

/// All inputs and outputs have dense planes, and those that are floats are float32.
inline Support supports_planes(const KernelSignature& signature) {
  if (Support can = supports_floats(signature); !can.ok) return can;
  for (auto metas : {signature.inputs, signature.outputs})
    for (const TensorMeta& meta : metas)
      if (!has_dense_planes(meta)) return Support::no("height and width with gaps");
  return Support::yes();
}

inline int64_t plane_count(const TensorMeta& x) { return x.shape[0] * x.shape[1]; }
/// Planes that are worth a thread.
inline int64_t plane_grain(const TensorMeta& x) { return 8 * 1024 / (x.shape[2] * x.shape[3] + 1) + 1; }

template <class T>
T* plane_of(const TensorView& x, int64_t plane) {
  return x.as<T>() + plane / x.shape[1] * x.strides[0] + plane % x.shape[1] * x.strides[1];
}

}  // namespace miai::kernels
