// Memory of the fake device: out of the host's reach outside kernels and copies, poisoned when allocated and
// freed, so that reading too early is seen.
#pragma once
#include <cstddef>

namespace miai {

inline constexpr unsigned char kFakePoison = 0xFB;

/// 64-byte aligned and poisoned; nullptr when the device (1 GiB) is full.
void* fake_allocate(size_t bytes);
void fake_free(void* data, size_t bytes);
/// While at least one is open, the memory of all fake devices may be read and written.
void open_fake_memory();
void close_fake_memory();

class FakeMemoryOpen {
 public:
  FakeMemoryOpen() { open_fake_memory(); }
  ~FakeMemoryOpen() { close_fake_memory(); }
  FakeMemoryOpen(const FakeMemoryOpen&) = delete;
  FakeMemoryOpen& operator=(const FakeMemoryOpen&) = delete;
};

}  // namespace miai
