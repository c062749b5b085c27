// What a kernel sees of a tensor: where it is, its dtype, shape, strides and layout. Owns nothing.
#pragma once
#include <cstddef>

#include "kernels/common/device.h"
#include "kernels/common/dtype.h"
#include "kernels/common/small_vector.h"

namespace miai {

/// How the elements lie: strided (shape and strides say all), or opaque to all but the kernel family that
/// made it.
enum class Layout : uint8_t { kStrided, kOpaque };

/// A tensor without its memory: the part of a view that a kernel's choice may depend on.
struct TensorMeta {
  DType dtype = DType::kFloat32;
  Layout layout = Layout::kStrided;
  bool present = true;  // false: an optional input that was not given
  Shape shape;
  Strides strides;  // in elements; 0 where broadcast

  int rank() const { return shape.size(); }
  int64_t size() const { return element_count(shape); }
  bool is_dense() const;  // row-major without gaps (dims of size 1 may have any stride)
  /// Images (N, C, H, W) whose elements lie without gaps in the order N, H, W, C.
  bool is_channels_last() const;
  friend bool operator==(const TensorMeta&, const TensorMeta&) = default;
};

struct TensorView : TensorMeta {
  void* data = nullptr;

  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
};

inline TensorMeta dense_meta(DType dtype, const Shape& shape) {
  TensorMeta meta;
  meta.dtype = dtype;
  meta.shape = shape;
  meta.strides = dense_strides(shape);
  return meta;
}
inline TensorMeta channels_last_meta(DType dtype, const Shape& shape) {
  TensorMeta meta;
  meta.dtype = dtype;
  meta.shape = shape;
  meta.strides = {shape[1] * shape[2] * shape[3], 1, shape[3] * shape[1], shape[1]};
  return meta;
}
inline size_t byte_size(const TensorMeta& meta) {
  return static_cast<size_t>(meta.size()) * dtype_size(meta.dtype);
}

inline bool TensorMeta::is_dense() const {
  int64_t expected = 1;
  for (int i = rank() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

inline bool TensorMeta::is_channels_last() const {
  if (rank() != 4) return false;
  int64_t expected = 1;
  for (int i : {1, 3, 2, 0}) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

}  // namespace miai
