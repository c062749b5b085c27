#include "kernels/x86/winograd_convolution.h"

#include "kernels/common/rounding.h"

namespace miai::kernels {

int64_t WinogradConvolution::bias_elements() const {
  return target.dtype == DType::kFloat32 ? 0 : round_up(target.channels, winograd_loops().lanes);
}

WinogradTarget winograd_target(const WinogradConvolution& convolution, const KernelArgs& args,
                               float* converted) {
  WinogradTarget target{convolution.target, args.outputs[0].data, nullptr, nullptr, convolution.activation};
  auto has = [&](size_t i) { return i < args.inputs.size() && args.inputs[i].present; };
  if (has(3)) target.z = args.inputs[3].as<float>();
  if (!has(2)) return target;
  const TensorView& bias = args.inputs[2];
  target.bias = converted;
  if (bias.dtype == DType::kFloat32)
    target.bias = bias.as<float>();
  else
    convert(bias.as<BFloat16>(), bias.size(), converted);
  return target;
}

}  // namespace miai::kernels
