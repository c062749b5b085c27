// The gradient of a weight by the transpose of Winograd's filtering: points of the source and of the output's
// gradient, their products summed over tiles, and the taps made of the sums.
#pragma once
#include "kernels/common/kernel.h"
#include "kernels/x86/winograd_tiles.h"

namespace miai::kernels {

/// The tiles are cut into parts, the source's channels into chunks. Each thread takes some chunks of some
/// parts and works in memory of its own: what another core wrote would take longer to read than to make
/// again.
struct WinogradWeightGradient {
  WinogradTiles tiles;
  WinogradWindows source, gradient;               // of the output
  int64_t parts = 1, chunks = 1;                  // the number of parts depends on shapes alone
  int64_t slots = 0;                              // threads that work
  int64_t round = 0;                              // tiles whose points are held at once
  int64_t vectors = 0;                            // of the output's channels
  int64_t v_row = 0, m_row = 0;                   // elements of a tile's source and gradient at one point
  int64_t u_row = 0;                              // of one channel of the source
  int64_t u_plane = 0, v_plane = 0, m_plane = 0;  // elements of a point
  int64_t slot_elements = 0;

  /// Completes what follows from the fields above `parts`.
  void finish();
  int64_t weight_elements() const;
  int64_t workspace_elements() const { return slots * slot_elements + (parts - 1) * weight_elements(); }
};

/// The state is WinogradWeightGradient; the inputs are the source and the output's gradient.
void run_winograd_weight_gradient(const KernelArgs& args);

}  // namespace miai::kernels
