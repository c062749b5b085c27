// A convolution by Winograd's filtering cut into blocks of tiles, whose points stay in the caches between its
// three steps: the source's points, their products with the weight's summed over channels, and the outputs
// made of the sums.
#pragma once
#include "kernels/x86/winograd_convolution.h"

namespace miai::kernels {

struct WinogradBlocks : WinogradConvolution {
  int64_t vectors = 0;                            // of the target's channels
  int64_t v_row = 0, m_row = 0;                   // elements of a tile's source and sums at one point
  int64_t u_plane = 0, v_plane = 0, m_plane = 0;  // elements of a point
  int64_t blocks = 0, pieces = 0;                 // of all tiles; of the blocks, one a thread
  int64_t piece_elements = 0, weight_elements = 0;

  int64_t scratch_elements() const { return bias_elements() + pieces * piece_elements; }
  int64_t laid_out_pixel() const { return target.channels_last ? target.channels : m_row; }
  /// Completes what follows from the convolution.
  void finish();
};

/// The weight's points, `weight_elements` of them, as `multiply` reads them. The weight has the images'
/// dtype.
void pack_winograd(const WinogradBlocks& blocks, const TensorView& weight, float* packed);
/// Inputs 2 and 3 are a bias and a residual.
void run_winograd(const WinogradBlocks& blocks, const KernelArgs& args, const TensorView& source,
                  const TensorView& weight);

}  // namespace miai::kernels
