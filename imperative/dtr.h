// Dynamic tensor rematerialization (Kirisame et al., ICLR 2021): where an allocation would exceed the
// device's limit, values that the calls of a tape made are given up, and made again on use. Of device cpu.
#pragma once
#include <atomic>
#include <memory>
#include <utility>

#include "imperative/call_plan.h"
#include "imperative/value.h"

namespace miai {

struct DtrStatistics {
  int64_t evictions = 0, evicted_bytes = 0;
  int64_t recomputations = 0, recomputed_bytes = 0;
};

/// From now on tapes that start make the values of their calls evictable.
void enable_dtr();
/// Nothing is given up any more; what is gone comes back when it is used.
void disable_dtr();
bool dtr_is_enabled();
/// Values of fewer bytes stay, 4096 at first.
void set_smallest_evictee(int64_t bytes);
int64_t smallest_evictee();
DtrStatistics dtr_statistics();
void reset_dtr_statistics();
/// For tests: gives up all that may go; returns how many values.
int64_t evict_all();

namespace dtr {
extern std::atomic<bool> in_use;
}  // namespace dtr
/// Whether values may be missing, or be given up. The one question that is asked while it is off.
inline bool dtr_in_use() { return dtr::in_use.load(std::memory_order_relaxed); }

/// Guards evictable storages, their recipes and the statistics. May be taken again by the thread that has it.
class DtrLock {
 public:
  DtrLock();
  ~DtrLock();
  DtrLock(const DtrLock&) = delete;
  DtrLock& operator=(const DtrLock&) = delete;
};

/// A storage whose contents are in memory, made again if they were missing, and stay there while it lives.
class Pin {
 public:
  explicit Pin(IntrusivePtr<Storage> storage);
  explicit Pin(const EagerValue& value) : Pin(value.ref.storage) {}
  ~Pin();
  Pin(Pin&& other) noexcept : storage_(std::move(other.storage_)) {}
  Pin& operator=(Pin&&) = delete;
  const IntrusivePtr<Storage>& storage() const { return storage_; }

 private:
  IntrusivePtr<Storage> storage_;
};

/// The contents are in memory and stay there for good: others read or write that memory by themselves.
void keep_resident(Storage& storage);

/// While it lives, the calls of its tapes can be made again. Held by tapes that have something to go back
/// over; afterwards values in memory forget how they were made, and with it all that they were made from.
class RecipeScope {
 public:
  /// This thread's, or a new one; nullptr while DTR is disabled.
  static std::shared_ptr<const RecipeScope> enter();
  RecipeScope();
  ~RecipeScope();
  RecipeScope(const RecipeScope&) = delete;
  RecipeScope& operator=(const RecipeScope&) = delete;

  const uint64_t serial;
};

/// Makes the outputs of a call evictable, if a tape of this thread is at work and the call may run again.
void remember_call(const std::shared_ptr<const CallPlan>& plan, std::span<const Var> inputs,
                   const Vars& outputs);

}  // namespace miai
