// What a host thread does around every wait for a device: a language above may hold a lock (Python's GIL)
// that the work waited for needs.
#pragma once

namespace miai {

/// `begin` runs before a thread blocks and may hand its lock over; what it returns goes to `end` afterwards.
struct HostWaitHooks {
  void* (*begin)() = nullptr;
  void (*end)(void*) = nullptr;
};
/// Once, before the first wait.
void set_host_wait_hooks(HostWaitHooks hooks);

/// Lives while a thread blocks; made before, and ended after, any lock that the device's work takes too.
class HostWait {
 public:
  HostWait();
  ~HostWait();
  HostWait(const HostWait&) = delete;
  HostWait& operator=(const HostWait&) = delete;

 private:
  void* held_ = nullptr;
};

}  // namespace miai
