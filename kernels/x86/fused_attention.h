// Attention a block of keys at a time (Rabe and Staats, 2021; Dao et al., 2022): scores of some queries with
// a block of keys, their exponentials, and what they add to the sums so far, all within the caches. The lanes
// are queries: a block's scores lie as the panel of columns that the product with the values reads.
#pragma once
#include <cstdint>

namespace miai::kernels {

/// A panel of queries, one a lane; `width` of them, as many as a tile of gemm has columns.
struct AttentionPanel {
  int width;
  float* greatest;  // [width] of the scores so far
  float* total;     // [width] of their exponentials
  float* sums;      // [features][width] of the values, times these
  int64_t features;
};

struct AttentionLoops {
  /// Scores [keys][width] become e^(score - greatest); what the panel had is scaled to the new greatest ones.
  void (*take)(const AttentionPanel& panel, float* scores, int64_t keys);
  /// out[query][feature] = sums / total; zeros for a total of 0 if `zeroes_dead`.
  void (*write)(const AttentionPanel& panel, int64_t queries, bool zeroes_dead, float* out, int64_t row,
                int64_t column);
};

namespace baseline {
extern const AttentionLoops attention_loops;
}
namespace avx2 {
extern const AttentionLoops attention_loops;
}
namespace avx512 {
extern const AttentionLoops attention_loops;
}

}  // namespace miai::kernels
