// A convolution by Winograd's filtering whose weight's points would take too much memory: they are made for a
// panel of the target's channels and some of the source's at a time, multiplied and forgotten. Of float32.
#pragma once
#include <variant>

#include "kernels/x86/winograd_blocks.h"

namespace miai::kernels {

/// Tasks are parts of the tiles times parts of the panels, and share nothing: what another core wrote would
/// take longer to read than to make again. The order of sums depends on shapes alone.
struct WinogradPanels : WinogradConvolution {
  int64_t vectors = 0, panels = 0;                // of the target's channels; of two vectors
  int64_t tile_parts = 0, panel_parts = 0;        // tasks
  int64_t round = 0;                              // tiles whose points are held at once
  int64_t chunk = 0;                              // channels of the source whose weight's points are
  int64_t v_row = 0, m_row = 0;                   // elements of a tile's source and sums at one point
  int64_t u_plane = 0, v_plane = 0, m_plane = 0;  // elements of a point
  int64_t task_elements = 0, weight_elements = 0;

  int64_t scratch_elements() const { return tile_parts * panel_parts * task_elements; }
  /// Completes what follows from the convolution.
  void finish();
};

/// The weight's taps, `weight_elements` of them: [panel][channel of the source][tap][channel of the target].
void pack_winograd(const WinogradPanels& panels, const TensorView& weight, float* packed);
/// Inputs 2 and 3 are a bias and a residual.
void run_winograd(const WinogradPanels& panels, const KernelArgs& args, const TensorView& source,
                  const TensorView& weight);

/// The state of the kernels: the one where the weight's points are few, or the other.
using WinogradCut = std::variant<WinogradBlocks, WinogradPanels>;

}  // namespace miai::kernels
