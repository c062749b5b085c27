#include "runtime/progress.h"

#include <chrono>

#include "kernels/common/error.h"
#include "runtime/cancel.h"
#include "runtime/host_wait.h"

namespace miai {

void Progress::finish_one() {
  {
    std::lock_guard lock(mutex_);
    finished_.fetch_add(1, std::memory_order_release);
  }
  changed_.notify_all();
}

void Progress::wait_for(uint64_t count) {
  constexpr std::chrono::milliseconds kSlice(20);  // how soon a cancellation is seen
  if (reached(count)) return;
  check_not_forked();
  HostWait wait;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kSlice, [&] { return reached(count); })) check_cancelled();
}

void Progress::check_not_forked() const {
  if (generation_ == fork_generation()) return;
  raise(
      ErrorKind::kRuntime, "device '", device_,
      "': this process was forked after the device's thread had started, and threads do not survive a fork; "
      "use device 'cpu' here, or start workers by 'forkserver' or 'spawn'");
}

}  // namespace miai
