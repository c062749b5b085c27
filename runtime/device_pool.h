// The blocks of one device: those at hand for reuse, what is handed out, and the limits on it.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/allocator.h"
#include "runtime/backend.h"

namespace miai {

class ThreadCache;

class DevicePool {
 public:
  explicit DevicePool(Device device);

  void* allocate(size_t bytes);
  void free(void* data, size_t bytes) noexcept;
  MemoryStats stats();
  void reset_max();
  /// The most bytes handed out: measured anew from now on; at least so many.
  void restart_max_allocated();
  void raise_max_allocated(int64_t at_least);
  void trim();
  /// Returns the limit that held before.
  int64_t set_limit(int64_t bytes);
  int64_t set_goal(int64_t bytes);

  /// Blocks that pass between the pool and a thread's cache; they do not change what is handed out.
  void* take_block(size_t block);
  void return_block(void* data, size_t block) noexcept;
  /// A thread's cache counts on its own; the pool adds up. Its counts are taken over when it goes.
  void attach(ThreadCache* cache);
  void detach(ThreadCache* cache);

  /// Held over fork(), so that the child finds the pool whole.
  std::mutex& mutex() { return mutex_; }

 private:
  struct BlockAtHand {
    void* data;
    uint64_t returned;  // counted by returns_
  };

  /// nullptr: `missing` bytes are wanted for it.
  void* try_allocate(size_t bytes, int64_t& missing);
  void* take_locked(size_t block);
  void return_locked(void* data, size_t block) noexcept;
  void trim_locked() noexcept;
  /// Asks for memory back where `bytes` more would go beyond the goal.
  void keep_to_goal(size_t bytes);
  int64_t in_use_locked() const;
  /// Gives back those that wait longest until `bytes` more may be reserved.
  void make_room_locked(int64_t peak, int64_t bytes) noexcept;
  /// There must be one.
  void release_oldest_locked() noexcept;
  void count_caches_locked();
  [[noreturn]] void raise_out_of_memory(size_t bytes, std::string_view why);
  [[noreturn]] void raise_locked(size_t bytes, std::string_view why) const;

  Device device_;
  const Backend& backend_;
  std::mutex mutex_;
  std::unordered_map<size_t, std::vector<BlockAtHand>> blocks_;  // by size, in the order of their return
  uint64_t returns_ = 0;                                         // so far
  int64_t cached_ = 0;                                           // bytes in blocks_
  int64_t limit_ = 0;
  std::atomic<int64_t> goal_{0};  // asked before the lock is taken
  bool goal_is_missed_ = false;
  MemoryStats stats_;
  std::vector<ThreadCache*> caches_;
};

/// The pool of a device, made on first use. Raises ValueError for an index out of range.
DevicePool& device_pool(Device device);

/// Counts an allocation down to the fault that a test asked for; true if it must fail now.
bool fault_is_due();
/// Asks the reclaimer, if there is one; nullopt: memory was freed, else why none was ("": nobody was asked).
std::optional<std::string> reclaim_memory(Device device, size_t bytes, int64_t missing);

}  // namespace miai
