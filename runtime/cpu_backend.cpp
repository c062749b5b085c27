// Device cpu runs inline; cpu:1 to cpu:63 have a queue and a thread each. All of them share the host's
// memory.
#include <cstring>

#include "runtime/backends.h"
#include "runtime/cpu_memory.h"
#include "runtime/inline_stream.h"
#include "runtime/queue_stream.h"

namespace miai {
namespace {

std::unique_ptr<Stream> make_stream(int index) {
  Device device{DeviceKind::kCpu, static_cast<int16_t>(index)};
  if (index == 0) return std::make_unique<InlineStream>(device);
  return std::make_unique<QueueStream>(device);
}

void copy_bytes(void* to, const void* from, size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

}  // namespace

Backend make_cpu_backend() {
  Backend cpu;
  cpu.name = "cpu";
#ifdef __SANITIZE_ADDRESS__
  cpu.caches = false;  // so that the sanitizer sees use after free and writes past the end
#endif
  cpu.device_count = [] { return 64; };
  cpu.memory_bytes = [](int) {
    static const int64_t bytes = cpu_memory_bytes();
    return bytes;
  };
  cpu.allocate = [](int, size_t bytes) { return cpu_allocate(bytes); };
  cpu.free = [](int, void* data, size_t bytes) { cpu_free(data, bytes); };
  cpu.give_back = cpu_give_back;
  cpu.make_stream = make_stream;
  cpu.copy_from_host = copy_bytes;
  cpu.copy_to_host = copy_bytes;
  cpu.copy = copy_bytes;
  cpu.enter_kernel = [] {};
  cpu.leave_kernel = [] {};
  cpu.kernels = []() -> const KernelTable& { return KernelTable::global(); };
  return cpu;
}

}  // namespace miai
