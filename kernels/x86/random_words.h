// The random words of a ticket by the vector, on all threads.
#pragma once
#include <algorithm>

#include "kernels/common/parallel.h"
#include "kernels/common/philox.h"
#include "kernels/x86/isa.h"
#include "kernels/x86/philox.h"

namespace miai::kernels {

inline const PhiloxLoops& philox_loops() {
  return choose_isa(baseline::philox_loops, avx2::philox_loops, avx512::philox_loops);
}

/// Calls body(first block, blocks, their words) for stretches of at most kWordBlocks blocks, whose first is a
/// multiple of it.
template <class F>
void for_words(const philox::Ticket& ticket, int64_t blocks, F&& body) {
  constexpr int64_t kGrain = 32;  // stretches
  const PhiloxLoops& loop = philox_loops();
  philox::Key key = ticket.key(), upper = ticket.upper();
  PhiloxStart start{{key[0], key[1]}, {upper[0], upper[1]}};
  parallel_for(0, (blocks + kWordBlocks - 1) / kWordBlocks, kGrain, [&](int64_t begin, int64_t end) {
    alignas(64) uint32_t words[4 * kWordBlocks];
    for (int64_t stretch = begin; stretch < end; ++stretch) {
      int64_t first = stretch * kWordBlocks, count = std::min(kWordBlocks, blocks - first);
      loop.words(start, first, count, words);
      body(first, count, words);
    }
  });
}

}  // namespace miai::kernels
