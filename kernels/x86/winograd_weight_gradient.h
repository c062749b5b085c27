// The gradient of a weight by the transpose of Winograd's filtering: points of the source and of the output's
// gradient, their products summed over tiles, and the taps made of the sums.
#pragma once
#include "kernels/common/kernel.h"
#include "kernels/x86/winograd_tiles.h"

namespace miai::kernels {

struct WinogradWeightGradient {
  WinogradTiles tiles;
  WinogradWindows source, gradient;               // of the output
  int64_t chunks = 1, chunk = 0;                  // of the source's channels; channels of one
  int64_t rounds = 1;                             // of tiles, whose points stay in the third-level cache
  int64_t vectors = 0;                            // of the output's channels
  int64_t v_row = 0, m_row = 0;                   // elements of a tile's source and gradient at one point
  int64_t u_row = 0;                              // of one channel of the source
  int64_t u_plane = 0, v_plane = 0, m_plane = 0;  // elements of a point
  int64_t pieces = 0, piece_elements = 0;         // of a round's tiles, one a thread

  /// Completes what follows from the fields above `chunks`.
  void finish();
  int64_t workspace_elements() const {
    return tiles.points() * (u_plane + v_plane + m_plane) + pieces * piece_elements;
  }
};

/// The state is WinogradWeightGradient; the inputs are the source and the output's gradient.
void run_winograd_weight_gradient(const KernelArgs& args);

}  // namespace miai::kernels
