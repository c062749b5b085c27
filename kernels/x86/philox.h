// Random words and numbers by the vector: bit for bit those of kernels/common/philox.h and
// random_values.h.
#pragma once
#include <cstdint>

namespace miai::kernels {

inline constexpr int64_t kWordBlocks = 64;  // that `words` makes at most

/// Key and upper half of the counter: what all blocks of a ticket share.
struct PhiloxStart {
  uint32_t key[2], ticket[2];
};

// ---- the loops of one instruction set (philox.isa.cpp) ----
struct PhiloxLoops {
  /// The words of blocks first to first + count - 1, count at most kWordBlocks; room for all of these.
  void (*words)(const PhiloxStart& start, int64_t first, int64_t count, uint32_t* words);
  /// Two normal numbers of each two words, `pairs` in all, as philox::normal<float> makes them.
  void (*normals)(const uint32_t* words, int64_t pairs, double mean, double std, float* y);
  /// A uniform number of each of 2 * pairs words, as philox::uniform<float> makes them; `largest` in place of
  /// what rounding takes to `high`.
  void (*uniforms)(const uint32_t* words, int64_t pairs, double low, double high, float largest, float* y);
};

namespace baseline {
extern const PhiloxLoops philox_loops;
}
namespace avx2 {
extern const PhiloxLoops philox_loops;
}
namespace avx512 {
extern const PhiloxLoops philox_loops;
}

}  // namespace miai::kernels
