#include "kernels/x86/conv2d_signature.h"

#include <algorithm>

#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/conv2d.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {

Conv2dAttrs conv2d_attrs_of(const KernelSignature& signature) {
  if (signature.op == "conv2d") return signature.attrs.as<Conv2dAttrs>();
  if (signature.op == "conv2d_bias_act") return conv2d_attrs(signature.attrs.as<Conv2dActAttrs>());
  return conv2d_attrs(signature.attrs.as<Conv2dGradAttrs>());
}

ConvolutionSides sides_of(const KernelSignature& s) {
  if (is_backward_data(s)) return {s.inputs[1], s.inputs[0], s.outputs[0]};
  if (s.op == "conv2d_backward_weight") return {s.inputs[0], s.outputs[0], s.inputs[1]};
  return {s.inputs[0], s.inputs[1], s.outputs[0]};
}

Support supports_conv2d(const KernelSignature& signature, std::initializer_list<size_t> any_strides) {
  if (Support can = supports_dtype(signature.outputs[0].dtype, {DType::kFloat32, DType::kFloat64}); !can.ok)
    return can;
  if (!signature.outputs[0].is_dense()) return Support::no("an output with gaps");
  for (size_t i = 0; i < signature.inputs.size(); ++i) {
    bool any = std::find(any_strides.begin(), any_strides.end(), i) != any_strides.end();
    if (signature.inputs[i].present && !any && !signature.inputs[i].is_dense())
      return Support::no("input " + std::to_string(i) + " with gaps or transposed");
  }
  return Support::yes();
}

Support prefers_conv2d(const KernelSignature& signature, int64_t inputs, int64_t outputs) {
  constexpr int64_t kBlock = 16, kFirstLayer = 4;
  if (conv2d_attrs_of(signature).groups > 1)
    return Support::only_if_needed("groups: oneDNN has kernels of their own");
  if (inputs <= kFirstLayer && outputs % kBlock == 0 && signature.op != "conv2d_backward_data")
    return Support::only_if_needed("few input channels: oneDNN has a kernel of its own");
  if (inputs % kBlock == 0 && outputs % kBlock == 0)
    return Support::only_if_needed("channels that fill oneDNN's blocks");
  return Support::yes();
}

template <>
const ConvLoops<float>& conv_loops<float>() {
  return choose_isa(baseline::conv_float, avx2::conv_float, avx512::conv_float);
}
template <>
const ConvLoops<double>& conv_loops<double>() {
  return choose_isa(baseline::conv_double, avx2::conv_double, avx512::conv_double);
}

}  // namespace miai::kernels
