#include "runtime/device_pool.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "kernels/common/error.h"
#include "runtime/size_class.h"
#include "runtime/thread_cache.h"

namespace miai {
namespace {

constexpr int64_t kSpare = int64_t{64} << 20;
constexpr size_t kAbsurdBytes = size_t{1} << 47;  // no address space is larger

/// What the statistics count for an allocation.
int64_t counted(size_t bytes) {
  return static_cast<int64_t>((std::max<size_t>(bytes, 1) + kBlockAlign - 1) / kBlockAlign * kBlockAlign);
}

std::string readable(double bytes) {
  constexpr std::array units{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text.data();
}

}  // namespace

DevicePool::DevicePool(Device device) : device_(device), backend_(backend(device.kind)) {}

void* DevicePool::allocate(size_t bytes) {
  if (fault_is_due()) raise_out_of_memory(bytes, "a test asked for this failure");
  if (bytes > kAbsurdBytes) raise_out_of_memory(bytes, "no address space is that large");
  keep_to_goal(bytes);
  for (;;) {
    int64_t missing = 0;
    if (void* data = try_allocate(bytes, missing)) return data;
    if (std::optional<std::string> why = reclaim_memory(device_, bytes, missing))
      raise_out_of_memory(bytes, *why);
  }
}

void DevicePool::keep_to_goal(size_t bytes) {
  if (goal_.load(std::memory_order_relaxed) == 0) return;
  auto missing = [&] {
    std::lock_guard lock(mutex_);
    return goal_ > 0 && !goal_is_missed_ ? in_use_locked() + counted(bytes) - goal_ : 0;
  };
  while (int64_t more = missing()) {
    if (more < 0) return;
    if (!reclaim_memory(device_, bytes, more)) continue;
    std::lock_guard lock(mutex_);
    goal_is_missed_ = true;
  }
}

int64_t DevicePool::in_use_locked() const {
  int64_t bytes = stats_.allocated;
  for (const ThreadCache* cache : caches_) bytes += cache->counts().bytes;
  return bytes;
}

void* DevicePool::try_allocate(size_t bytes, int64_t& missing) {
  std::lock_guard lock(mutex_);
  count_caches_locked();
  const int64_t in_use = in_use_locked();
  missing = limit_ > 0 ? in_use + counted(bytes) - limit_ : 0;
  if (missing > 0) return nullptr;
  void* data = take_locked(backend_.caches ? block_size(bytes) : bytes);
  if (!data) {
    missing = counted(bytes);
    return nullptr;
  }
  stats_.allocated += counted(bytes);
  ++stats_.allocations;
  stats_.max_allocated = std::max(stats_.max_allocated, in_use + counted(bytes));
  return data;
}

void DevicePool::free(void* data, size_t bytes) noexcept {
  std::lock_guard lock(mutex_);
  count_caches_locked();
  stats_.allocated -= counted(bytes);
  return_locked(data, backend_.caches ? block_size(bytes) : bytes);
}

void* DevicePool::take_block(size_t block) {
  std::lock_guard lock(mutex_);
  void* data = take_locked(block);
  if (!data) raise_locked(block, "");
  return data;
}

void DevicePool::return_block(void* data, size_t block) noexcept {
  std::lock_guard lock(mutex_);
  return_locked(data, block);
}

void* DevicePool::take_locked(size_t block) {
  if (auto it = blocks_.find(block); it != blocks_.end() && !it->second.empty()) {
    void* data = it->second.back().data;
    it->second.pop_back();
    cached_ -= static_cast<int64_t>(block);
    return data;
  }
  int64_t in_use = stats_.allocated + static_cast<int64_t>(block);
  make_room_locked(std::max(stats_.max_allocated, in_use), static_cast<int64_t>(block));
  void* data = backend_.allocate(device_.index, block);
  if (!data && cached_ > 0) {
    trim_locked();
    data = backend_.allocate(device_.index, block);
  }
  if (!data) return nullptr;
  stats_.reserved += static_cast<int64_t>(block);
  stats_.max_reserved = std::max(stats_.max_reserved, stats_.reserved);
  return data;
}

void DevicePool::return_locked(void* data, size_t block) noexcept {
  if (backend_.caches) {
    try {
      blocks_[block].push_back({data, ++returns_});
      cached_ += static_cast<int64_t>(block);
      make_room_locked(stats_.max_allocated, 0);
      return;
    } catch (const std::bad_alloc&) {  // no memory for the list: the block goes back below
    }
  }
  backend_.free(device_.index, data, block);
  stats_.reserved -= static_cast<int64_t>(block);
}

/// Blocks that wait for their size stay, so that a step that repeats finds its memory at hand, up to twice
/// the peak while that is less than a quarter of the device's memory, else up to a quarter more than the
/// peak. A limit or a goal is one for them too.
void DevicePool::make_room_locked(int64_t peak, int64_t bytes) noexcept {
  int64_t plenty = backend_.memory_bytes(device_.index) / 4;
  int64_t most = std::max(peak + peak / 4, std::min(2 * peak, plenty)) + kSpare;
  for (int64_t limit : {limit_, goal_is_missed_ ? 0 : goal_.load()})
    if (limit > 0) most = std::min(most, limit);
  while (cached_ > 0 && stats_.reserved + bytes > most) release_oldest_locked();
}

void DevicePool::release_oldest_locked() noexcept {
  auto since = [](const auto& size) {
    return size.second.empty() ? std::numeric_limits<uint64_t>::max() : size.second.front().returned;
  };
  auto oldest = std::min_element(blocks_.begin(), blocks_.end(),
                                 [&](const auto& a, const auto& b) { return since(a) < since(b); });
  auto& [block, list] = *oldest;
  backend_.free(device_.index, list.front().data, block);
  list.erase(list.begin());
  cached_ -= static_cast<int64_t>(block);
  stats_.reserved -= static_cast<int64_t>(block);
}

void DevicePool::trim_locked() noexcept {
  for (auto& [block, list] : blocks_) {
    for (const BlockAtHand& at_hand : list) backend_.free(device_.index, at_hand.data, block);
    stats_.reserved -= static_cast<int64_t>(block * list.size());
    list.clear();
  }
  cached_ = 0;
}

/// The peaks of the threads' caches become part of the device's. With one thread at work this is exact.
void DevicePool::count_caches_locked() {
  int64_t peak = stats_.allocated;
  for (ThreadCache* cache : caches_) peak += cache->take_peak();
  stats_.max_allocated = std::max(stats_.max_allocated, peak);
}

MemoryStats DevicePool::stats() {
  std::lock_guard lock(mutex_);
  count_caches_locked();
  MemoryStats stats = stats_;
  for (const ThreadCache* cache : caches_) {
    stats.allocated += cache->counts().bytes;
    stats.allocations += cache->counts().calls;
  }
  return stats;
}

void DevicePool::reset_max() {
  restart_max_allocated();
  std::lock_guard lock(mutex_);
  stats_.max_reserved = stats_.reserved;
}

void DevicePool::restart_max_allocated() {
  std::lock_guard lock(mutex_);
  count_caches_locked();
  stats_.max_allocated = stats_.allocated;
  for (const ThreadCache* cache : caches_) stats_.max_allocated += cache->counts().bytes;
}

void DevicePool::raise_max_allocated(int64_t at_least) {
  std::lock_guard lock(mutex_);
  stats_.max_allocated = std::max(stats_.max_allocated, at_least);
}

void DevicePool::trim() {
  std::lock_guard lock(mutex_);
  trim_locked();
  if (backend_.give_back) backend_.give_back();
}

int64_t DevicePool::set_limit(int64_t bytes) {
  std::lock_guard lock(mutex_);
  return std::exchange(limit_, bytes);
}

int64_t DevicePool::set_goal(int64_t bytes) {
  std::lock_guard lock(mutex_);
  goal_is_missed_ = false;
  return goal_.exchange(bytes);
}

void DevicePool::attach(ThreadCache* cache) {
  std::lock_guard lock(mutex_);
  caches_.push_back(cache);
}

void DevicePool::detach(ThreadCache* cache) {
  std::lock_guard lock(mutex_);
  count_caches_locked();
  stats_.allocated += cache->counts().bytes;
  stats_.allocations += cache->counts().calls;
  std::erase(caches_, cache);
}

void DevicePool::raise_out_of_memory(size_t bytes, std::string_view why) {
  std::lock_guard lock(mutex_);
  raise_locked(bytes, why);
}

void DevicePool::raise_locked(size_t bytes, std::string_view why) const {
  const int64_t in_use = in_use_locked();
  raise(ErrorKind::kMemory, "out of memory on device '", device_, "': asked for ",
        readable(static_cast<double>(bytes)), " (", bytes, " bytes), ", readable(static_cast<double>(in_use)),
        " in use, ", readable(static_cast<double>(stats_.reserved)), " reserved, limit ",
        limit_ > 0 ? readable(static_cast<double>(limit_)) : "none", why.empty() ? "" : "; ", why,
        "; use a smaller batch, drop tensors that are no longer needed, or raise the memory limit");
}

namespace {

constexpr int kMaxDevices = 64;

/// All pools. Never destroyed: storages may outlive static objects.
struct Pools {
  std::mutex mutex;
  std::array<std::array<std::atomic<DevicePool*>, kMaxDevices>, kDeviceKindCount> slots{};

  static Pools& instance() {
    static Pools* const pools = [] {
      // A fork must not happen while a pool is being changed, or the child could never use it.
      pthread_atfork([] { instance().lock_all(); }, [] { instance().unlock_all(); },
                     [] { instance().unlock_all(); });
      return new Pools;
    }();
    return *pools;
  }

  template <class F>
  void for_each(F&& f) {
    for (auto& kind : slots)
      for (auto& slot : kind)
        if (DevicePool* pool = slot.load()) f(*pool);
  }
  void lock_all() {
    mutex.lock();
    for_each([](DevicePool& pool) { pool.mutex().lock(); });
  }
  void unlock_all() {
    for_each([](DevicePool& pool) { pool.mutex().unlock(); });
    mutex.unlock();
  }
};

// Made when the library is loaded: no fork may find them half made.
[[maybe_unused]] const Pools& made_at_load = Pools::instance();

}  // namespace

DevicePool& device_pool(Device device) {
  Pools& pools = Pools::instance();
  const Backend& owner = backend(device.kind);
  if (device.index < 0 || device.index >= std::min(kMaxDevices, owner.device_count()))
    raise(ErrorKind::kValue, "device: expected an index below ", owner.device_count(), " for '", owner.name,
          "', got '", device, "'");
  auto& slot = pools.slots[static_cast<size_t>(device.kind)][static_cast<size_t>(device.index)];
  if (DevicePool* pool = slot.load(std::memory_order_acquire)) return *pool;
  std::lock_guard lock(pools.mutex);
  if (!slot.load()) slot.store(std::make_unique<DevicePool>(device).release());
  return *slot.load();
}

}  // namespace miai
