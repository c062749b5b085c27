#include "runtime/allocator.h"

#include <array>
#include <atomic>
#include <memory>

#include "kernels/common/error.h"
#include "runtime/device_pool.h"
#include "runtime/thread_cache.h"

namespace miai {
namespace {

std::atomic<bool> watched{false};
std::atomic<int64_t> until_fault{0};
std::atomic<int> limits{0};  // and goals, of all devices
std::atomic<ReclaimFn> reclaimer{nullptr};

thread_local ThreadCache* cache = nullptr;
thread_local bool cache_ended = false;

/// Ends the thread's cache with the thread; what is freed later goes to the pool.
struct CacheOwner {
  std::unique_ptr<ThreadCache> owned;  // on the heap: after a fork the pool still reads those of lost threads
  ~CacheOwner() {
    cache = nullptr;
    cache_ended = true;
  }
};

ThreadCache* make_cache() {
  DevicePool& pool = device_pool(Device{});
  if (cache_ended || !backend(DeviceKind::kCpu).caches) return nullptr;
  thread_local CacheOwner owner;
  owner.owned = std::make_unique<ThreadCache>(pool);
  return cache = owner.owned.get();
}

/// The cache that serves such an allocation, or nullptr.
ThreadCache* cache_for(Device device, size_t bytes) {
  if (bytes > kSmallBlock || !(device == Device{})) return nullptr;
  return cache ? cache : make_cache();
}

void update_watched() { watched.store(until_fault.load() > 0 || limits.load() > 0); }

/// One limit has taken the place of another, which it returns.
int64_t watch_instead(int64_t before, int64_t now) {
  limits.fetch_add((now > 0 ? 1 : 0) - (before > 0 ? 1 : 0));
  update_watched();
  return before;
}

}  // namespace

bool fault_is_due() {
  if (until_fault.load(std::memory_order_relaxed) <= 0) return false;
  bool due = until_fault.fetch_sub(1) == 1;
  if (due) update_watched();
  return due;
}

void* allocate_memory(Device device, size_t bytes) {
  if (!watched.load(std::memory_order_relaxed))
    if (ThreadCache* c = cache_for(device, bytes)) return c->allocate(bytes);
  return device_pool(device).allocate(bytes);
}

void free_memory(Device device, void* data, size_t bytes) {
  if (ThreadCache* c = cache_for(device, bytes)) return c->free(data, bytes);
  device_pool(device).free(data, bytes);
}

MemoryStats memory_stats(Device device) { return device_pool(device).stats(); }
void reset_max_memory_stats(Device device) { device_pool(device).reset_max(); }

PeakMeter::PeakMeter(Device device) : device_(device) {
  MemoryStats stats = memory_stats(device);
  before_ = stats.allocated;
  outer_peak_ = stats.max_allocated;
  device_pool(device).restart_max_allocated();
}
PeakMeter::~PeakMeter() { device_pool(device_).raise_max_allocated(outer_peak_); }
int64_t PeakMeter::growth() const { return memory_stats(device_).max_allocated - before_; }

void trim_memory(Device device) {
  if (device == Device{} && cache) cache->clear();
  device_pool(device).trim();
}

int64_t set_memory_limit(Device device, int64_t bytes) {
  if (bytes < 0)
    raise(ErrorKind::kValue, "set_memory_limit: argument 'bytes': expected 0 (no limit) or more, got ",
          bytes);
  return watch_instead(device_pool(device).set_limit(bytes), bytes);
}

int64_t set_memory_goal(Device device, int64_t bytes) {
  return watch_instead(device_pool(device).set_goal(bytes), bytes);
}

void set_memory_reclaimer(ReclaimFn reclaim) { reclaimer.store(reclaim); }

std::optional<std::string> reclaim_memory(Device device, size_t bytes, int64_t missing) {
  ReclaimFn reclaim = reclaimer.load();
  return reclaim ? reclaim(device, bytes, missing) : "";
}

void fail_allocation_after(int64_t n) {
  until_fault.store(n);
  update_watched();
}

}  // namespace miai
