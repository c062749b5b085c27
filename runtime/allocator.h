// The caching allocator of a device, with statistics, a limit, and faults on request.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "kernels/common/device.h"

namespace miai {

struct MemoryStats {
  int64_t allocated = 0;      // bytes handed out now
  int64_t reserved = 0;       // bytes taken from the device
  int64_t max_allocated = 0;  // since the last reset
  int64_t max_reserved = 0;
  int64_t allocations = 0;  // calls
};

/// 64-byte aligned; raises MemoryError with the size asked, what is in use and the limit. Thread-safe.
void* allocate_memory(Device device, size_t bytes);
void free_memory(Device device, void* data, size_t bytes);
MemoryStats memory_stats(Device device);
void reset_max_memory_stats(Device device);
/// The most bytes that were handed out at once since it was made. What reset_max_memory_stats began to
/// measure goes on.
class PeakMeter {
 public:
  explicit PeakMeter(Device device);
  ~PeakMeter();
  PeakMeter(const PeakMeter&) = delete;
  PeakMeter& operator=(const PeakMeter&) = delete;
  /// Beyond what was handed out at the start.
  int64_t growth() const;

 private:
  Device device_;
  int64_t before_, outer_peak_;
};
/// Gives cached blocks back to the device.
void trim_memory(Device device);
/// Bytes that may be handed out at once; 0 for no limit. Returns the limit that held before.
int64_t set_memory_limit(Device device, int64_t bytes);
/// Beyond so many bytes the reclaimer is asked before more are handed out; the first time that it can free
/// nothing, the goal is given up. 0 for none. Returns the goal that held before.
int64_t set_memory_goal(Device device, int64_t bytes);
/// Asked before an allocation of `bytes` fails for want of `missing` bytes: frees some, or says why it
/// cannot.
using ReclaimFn = std::optional<std::string> (*)(Device device, size_t bytes, int64_t missing);
void set_memory_reclaimer(ReclaimFn reclaim);
/// For tests: the n-th allocation from now, on any device, fails (1 is the next); 0 turns it off.
void fail_allocation_after(int64_t n);

}  // namespace miai
