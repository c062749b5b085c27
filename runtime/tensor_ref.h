// A tensor's memory and how to read it: storage, byte offset, dtype, shape, strides.
#pragma once
#include "kernels/common/tensor_view.h"
#include "runtime/storage.h"

namespace miai {

struct TensorRef {
  TensorMeta meta;
  IntrusivePtr<Storage> storage;
  int64_t byte_offset = 0;

  explicit operator bool() const { return static_cast<bool>(storage); }
  Device device() const { return storage->device(); }
  void* data() const { return static_cast<char*>(storage->data()) + byte_offset; }
  TensorView view() const { return TensorView{meta, data()}; }
};

/// A dense tensor with memory of its own, uninitialised.
inline TensorRef allocate_tensor(DType dtype, const Shape& shape, Device device) {
  TensorRef ref;
  ref.meta = dense_meta(dtype, shape);
  ref.storage = Storage::allocate(device, byte_size(ref.meta));
  return ref;
}

}  // namespace miai
