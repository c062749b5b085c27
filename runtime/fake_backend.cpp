// The test backend: reference kernels run late and in random order, on memory that the host cannot reach.
#include <cstring>
#include <map>
#include <mutex>

#include "runtime/backends.h"
#include "runtime/fake_memory.h"
#include "runtime/fake_stream.h"

namespace miai {
namespace {

void add_reference_kernels(const KernelTable& all, KernelTable& table) {
  for (const std::string& op : all.ops(DeviceKind::kCpu)) {
    const auto& kernels = all.find(DeviceKind::kCpu, op);
    bool has_reference = false;
    for (const auto& kernel : kernels) has_reference |= kernel->name.starts_with("reference/");
    for (const auto& kernel : kernels)  // an operator registered at run time has only its own kernel
      if (!has_reference || kernel->name.starts_with("reference/")) table.add(*kernel);
  }
}

/// Made anew when kernels were registered since; older tables stay, for those who refer to them.
const KernelTable& fake_kernels() {
  static std::mutex mutex;
  static auto* const tables = new std::map<size_t, KernelTable>;  // by the number of all kernels
  std::lock_guard lock(mutex);
  const KernelTable& all = KernelTable::global();
  auto [it, is_new] = tables->try_emplace(all.size());
  if (is_new) add_reference_kernels(all, it->second);
  return it->second;
}

void copy_bytes(void* to, const void* from, size_t bytes) {
  FakeMemoryOpen open;
  if (bytes > 0) std::memcpy(to, from, bytes);
}

}  // namespace

Backend make_fake_backend() {
  Backend fake;
  fake.name = "fake";
  fake.host_readable = false;
  fake.caches = false;
  fake.device_count = [] { return 4; };
  fake.memory_bytes = [](int) { return int64_t{1} << 30; };
  fake.allocate = [](int, size_t bytes) { return fake_allocate(bytes); };
  fake.free = [](int, void* data, size_t bytes) { fake_free(data, bytes); };
  fake.make_stream = [](int index) -> std::unique_ptr<Stream> {
    return std::make_unique<FakeStream>(Device{DeviceKind::kFake, static_cast<int16_t>(index)});
  };
  fake.copy_from_host = copy_bytes;
  fake.copy_to_host = copy_bytes;
  fake.copy = copy_bytes;
  fake.enter_kernel = open_fake_memory;
  fake.leave_kernel = close_fake_memory;
  fake.kernels = fake_kernels;
  return fake;
}

}  // namespace miai
