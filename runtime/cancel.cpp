#include "runtime/cancel.h"

#include "kernels/common/error.h"

namespace miai {
namespace {

std::atomic<bool> pending{false};
std::atomic<uint64_t> requests{0};
thread_local int masks = 0;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<uint64_t>::is_always_lock_free);

[[noreturn]] void raise_cancelled() { raise(ErrorKind::kCancelled, "cancelled by the user"); }

}  // namespace

void request_cancel() {
  requests.fetch_add(1);
  pending.store(true);
}

bool cancel_requested() { return pending.load(std::memory_order_relaxed); }

bool consume_cancel() { return pending.exchange(false); }

void check_cancelled() {
  if (cancel_requested() && masks == 0) raise_cancelled();
}

CancelMask::CancelMask() { ++masks; }
CancelMask::~CancelMask() { --masks; }

CancelScope::CancelScope() : seen_(requests.load(std::memory_order_relaxed)) { check_cancelled(); }

KernelContext CancelScope::context() const { return {&pending}; }

void CancelScope::check() const {
  if (requests.load(std::memory_order_relaxed) != seen_) raise_cancelled();
}

}  // namespace miai
