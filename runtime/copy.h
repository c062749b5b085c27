// Copies between devices.
#pragma once
#include <string>

#include "kernels/common/parallel.h"
#include "runtime/tensor_ref.h"

namespace miai {

/// Copies the elements of a dense tensor into another of the same dtype and shape, on any device. The copy is
/// ordered after the work queued on both devices, and later work of the destination's device sees it; to
/// device cpu it is done on return, and raises the source's error. Raises ValueError for what does not match.
void copy_tensor(const TensorRef& from, const TensorRef& to, FunctionRef<std::string()> user_line);

/// A dense tensor's elements in memory of the host, and back. The host's memory is read before the call
/// returns; reading waits for the device and raises the source's error.
void read_to_host(const TensorRef& from, void* host);
void write_from_host(const void* host, const TensorRef& to);

}  // namespace miai
