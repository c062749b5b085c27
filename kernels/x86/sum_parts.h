// Sums over a batch cut into parts, which threads make side by side. How many there are depends on shapes
// alone, so that the number of threads changes no bit.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/common/parallel.h"

namespace miai::kernels {

/// Of at most `most`, each of which makes `bytes` of sums; a power of two, so that threads get equal shares.
inline int64_t parts_of_sum(int64_t most, int64_t bytes) {
  constexpr int64_t kMostParts = 16, kBytes = 2 << 20;  // of all parts' sums
  const int64_t parts =
      std::clamp<int64_t>(kBytes / std::max<int64_t>(bytes, 1), 1, std::clamp<int64_t>(most, 1, kMostParts));
  return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(parts)));
}

/// to += the parts, one after the other.
template <class T>
void add_parts(const T* parts, int64_t count, int64_t elements, T* to) {
  constexpr int64_t kGrain = 4096;
  parallel_for(0, elements, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin; first < end; first += kGrain)
      for (int64_t k = 0; k < count; ++k)
        for (int64_t i = first; i < std::min(first + kGrain, end); ++i) to[i] += parts[k * elements + i];
  });
}

}  // namespace miai::kernels
