// Places buffers that live at known times in one arena.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace miai {

/// A buffer that holds something from instruction `first` to instruction `last`, both included.
struct LiveBuffer {
  int64_t bytes = 0;
  int first = 0, last = 0;
};

struct MemoryLayout {
  std::vector<int64_t> offsets;  // multiples of 64, one a buffer
  int64_t total = 0;
  int64_t lower_bound = 0;  // the largest sum of bytes (rounded up to 64) that live together
};

/// Best fit, in several orders of the buffers, mended by placing first what sticks out; the smallest layout
/// wins.
MemoryLayout plan_memory(std::span<const LiveBuffer> buffers);

}  // namespace miai
