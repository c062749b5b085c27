// dropout of float32 by the vector: bit i % 8 of byte i / 8 says whether element i is kept.
#pragma once
#include <cstdint>

namespace miai::kernels {

// ---- the loops of one instruction set (dropout.isa.cpp) ----
struct DropoutLoops {
  /// Whether each word is below the threshold; the bits after the last one are 0. Words are there up to a
  /// multiple of 16.
  void (*compare)(const uint32_t* words, uint64_t threshold, int64_t count, uint8_t* bits);
  /// y = x * scale where the bit is set, else 0.
  void (*apply)(const float* x, const uint8_t* bits, float scale, int64_t count, float* y);
};

namespace baseline {
extern const DropoutLoops dropout_loops;
}
namespace avx2 {
extern const DropoutLoops dropout_loops;
}
namespace avx512 {
extern const DropoutLoops dropout_loops;
}

}  // namespace miai::kernels
