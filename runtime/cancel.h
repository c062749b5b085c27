// Stopping long work on the user's request (Ctrl-C).
#pragma once
#include <atomic>
#include <cstdint>

#include "kernels/common/kernel.h"

namespace miai {

/// Asks running work to stop; it raises Error(kCancelled). May be called from a signal handler.
void request_cancel();
bool cancel_requested();
/// Whoever hands the cancellation to the user (as KeyboardInterrupt) ends it here; true if there was one.
/// Work on a device's own thread that has not looked meanwhile goes on.
bool consume_cancel();
/// Raises Error(kCancelled) if a request is pending and this thread has not masked it.
void check_cancelled();

/// While one lives, waits of this thread cannot be cancelled: a device's own thread, a plan's commit section.
class CancelMask {
 public:
  CancelMask();
  ~CancelMask();
  CancelMask(const CancelMask&) = delete;
  CancelMask& operator=(const CancelMask&) = delete;
};

/// Holds what a kernel may see of cancellation, and tells afterwards whether it may have stopped early.
class CancelScope {
 public:
  CancelScope();
  KernelContext context() const;
  /// Raises if a request came since the scope began, even if somebody has consumed it meanwhile.
  void check() const;

 private:
  uint64_t seen_;
};

}  // namespace miai
