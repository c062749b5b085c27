// A convolution with windows of 3 x 3, or its gradient for the input, as Winograd's filtering sees it.
#pragma once
#include "kernels/common/kernel.h"
#include "kernels/x86/winograd_writer.h"

namespace miai::kernels {

struct WinogradConvolution {
  WinogradTiles tiles;
  WinogradWindows source;
  WinogradImages target;
  int64_t weight_out = 0, weight_channel = 0;  // strides
  bool flipped = false, packed = false;        // the weight
  Activation activation = Activation::kIdentity;

  /// Of a bias that has to be converted to float32; 0: it is read as it is.
  int64_t bias_elements() const;
};

/// The output, with inputs 2 and 3 as bias and residual; `converted` is memory for bias_elements().
WinogradTarget winograd_target(const WinogradConvolution& convolution, const KernelArgs& args,
                               float* converted);

}  // namespace miai::kernels
