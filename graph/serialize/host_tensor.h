// A dense tensor in host memory, as files hold it: row-major, shared, never written.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "kernels/common/dtype.h"
#include "kernels/common/small_vector.h"
#include "runtime/tensor_ref.h"

namespace miai {

struct HostTensor {
  std::string name;
  DType dtype = DType::kFloat32;
  Shape shape;
  std::shared_ptr<const void> data;  // 64-byte aligned

  size_t bytes() const { return static_cast<size_t>(element_count(shape)) * dtype_size(dtype); }
};

/// 64-byte aligned memory.
std::shared_ptr<void> aligned_bytes(size_t bytes);
/// A dense host copy of a tensor on any device (made dense by the caller); waits for it.
HostTensor to_host(const TensorRef& dense, std::string name);
/// The same memory as a tensor of device cpu, read in place.
TensorRef to_tensor_ref(const HostTensor& tensor);

}  // namespace miai
