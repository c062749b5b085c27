// What a kind of device must provide. Each backend fills one Backend; nothing above asks which it is.
#pragma once
#include <memory>
#include <string>

#include "kernels/common/kernel_table.h"
#include "runtime/stream.h"

namespace miai {

struct Backend {
  std::string name;
  bool host_readable = true;  // the host may dereference its memory (after synchronizing)
  bool caches = true;         // false: each allocation and free goes to the backend (which poisons)
  int (*device_count)() = nullptr;
  int64_t (*memory_bytes)(int index) = nullptr;  // that the device has
  /// 64-byte aligned memory, at least `bytes`; nullptr when there is none. The allocator caches above it.
  void* (*allocate)(int index, size_t bytes) = nullptr;
  void (*free)(int index, void* data, size_t bytes) = nullptr;
  /// What `free` has left with the process goes back to the system; nullptr: nothing is left.
  void (*give_back)() = nullptr;
  std::unique_ptr<Stream> (*make_stream)(int index) = nullptr;
  /// Called inside a task of the stream.
  void (*copy_from_host)(void* device, const void* host, size_t bytes) = nullptr;
  void (*copy_to_host)(void* host, const void* device, size_t bytes) = nullptr;
  void (*copy)(void* to, const void* from, size_t bytes) = nullptr;
  /// Bracket each task that touches device memory from a kernel (the fake backend opens its memory here).
  void (*enter_kernel)() = nullptr;
  void (*leave_kernel)() = nullptr;
  const KernelTable& (*kernels)() = nullptr;
  DeviceKind kernel_kind = DeviceKind::kCpu;  // under which its kernels are listed
};

/// The backend of a device kind; raises NotImplementedError naming what is missing when it is not built in.
const Backend& backend(DeviceKind kind);
/// Whether any kernel implements the operator there.
bool has_kernel(std::string_view op, Device device);
/// The device's default stream, made on first use. Raises ValueError for an index out of range.
Stream& default_stream(Device device);
/// Waits for all work of a device, or of all devices in use.
void synchronize(Device device);
void synchronize_all();

}  // namespace miai
