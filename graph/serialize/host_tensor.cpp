#include "graph/serialize/host_tensor.h"

#include <new>

#include "runtime/copy.h"

namespace miai {

std::shared_ptr<void> aligned_bytes(size_t bytes) {
  constexpr std::align_val_t alignment{64};
  return {::operator new(bytes ? bytes : 1, alignment), [](void* p) { ::operator delete(p, alignment); }};
}

HostTensor to_host(const TensorRef& dense, std::string name) {
  std::shared_ptr<void> data = aligned_bytes(byte_size(dense.meta));
  read_to_host(dense, data.get());
  return {std::move(name), dense.meta.dtype, dense.meta.shape, data};
}

TensorRef to_tensor_ref(const HostTensor& tensor) {
  TensorRef ref;
  ref.meta = dense_meta(tensor.dtype, tensor.shape);
  ref.storage =
      Storage::import({}, const_cast<void*>(tensor.data.get()), tensor.bytes(), [keep = tensor.data] {});
  return ref;
}

}  // namespace miai
