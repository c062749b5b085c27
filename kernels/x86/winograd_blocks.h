// A convolution by Winograd's filtering cut into blocks of tiles, whose points stay in the caches between its
// three steps: the source's points, their products with the weight's summed over channels, and the outputs
// made of the sums.
#pragma once
#include "kernels/common/kernel.h"
#include "kernels/x86/winograd.h"

namespace miai::kernels {

/// Those of the current instruction set.
const WinogradLoops& winograd_loops();

/// Images on one side of the convolution.
struct WinogradImages {
  int64_t channels = 0, height = 0, width = 0;
  bool channels_last = false;
  int64_t size() const { return channels * height * width; }
};

struct WinogradBlocks {
  int m = 4;  // a tile has m x m outputs
  int64_t batch = 0, tiles_h = 0, tiles_w = 0;
  WinogradImages source, target;
  Pair padding{};
  int64_t weight_out = 0, weight_channel = 0;  // strides
  bool flipped = false, packed = false;        // the weight
  Activation activation = Activation::kIdentity;
  int64_t vectors = 0;                            // of the target's channels
  int64_t v_row = 0, m_row = 0;                   // elements of a tile's source and sums at one point
  int64_t u_plane = 0, v_plane = 0, m_plane = 0;  // elements of a point
  int64_t blocks = 0, pieces = 0;                 // of all tiles; of the blocks, one a thread
  int64_t piece_elements = 0, weight_elements = 0;

  int points() const { return winograd_points(m) * winograd_points(m); }
  int kind() const { return m == 4; }  // in the tables of loops
  int64_t tiles() const { return batch * tiles_h * tiles_w; }
  /// Completes what follows from the fields above `vectors`.
  void finish();
};

/// The weight's points, `weight_elements` of them, as `multiply` reads them.
void transform_weight(const WinogradBlocks& blocks, const float* weight, float* packed);
/// The state is WinogradBlocks; inputs 2 and 3 are a bias and a residual.
void run_winograd(const KernelArgs& args, const TensorView& source, const TensorView& weight);

}  // namespace miai::kernels
