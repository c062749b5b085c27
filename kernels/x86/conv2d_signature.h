// What our kernels of conv2d and its gradients take.
#pragma once
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "kernels/common/attrs/conv2d.h"
#include "kernels/common/kernel_table.h"

namespace miai::kernels {

inline constexpr int kPreference = 20;  // above oneDNN's 10

/// The convolution's attributes, whichever of its operators is called.
Conv2dAttrs conv2d_attrs_of(const KernelSignature& signature);
/// What a convolution reads, its weight, and what it makes; its gradients have the same three in other
/// places.
struct ConvolutionSides {
  const TensorMeta &source, &weight, &target;
};
/// The source of conv2d_backward_data is dy. Of conv2d_backward_weight they are those of the convolution.
ConvolutionSides sides_of(const KernelSignature& signature);
inline bool is_backward_data(const KernelSignature& signature) {
  return signature.op == "conv2d_backward_data";
}

/// Adds kernels "x86/<op>_<suffix>" of conv2d, conv2d_bias_act and conv2d_backward_data that are one function
/// of the source and the weight; the first two may take their weight packed.
template <void (*Run)(const KernelArgs&, const TensorView& source, const TensorView& weight)>
void add_convolutions(KernelTable& table, const std::string& suffix, decltype(Kernel::supports) supports,
                      decltype(Kernel::prepare) prepare, decltype(Kernel::pack) pack,
                      const ChannelsLast& channels_last) {
  auto kernel_of = [&](const std::string& op, std::vector<int> images) {
    ChannelsLast own = channels_last;
    own.inputs = std::move(images), own.outputs = {0};
    return Kernel{.op = op,
                  .name = "x86/" + op + '_' + suffix,
                  .supports = supports,
                  .prepare = prepare,
                  .preference = 30,
                  .channels_last = std::move(own)};
  };
  for (const char* op : {"conv2d", "conv2d_bias_act"}) {
    Kernel kernel = kernel_of(op, {0, 3});
    kernel.run = [](const KernelArgs& args) { Run(args, args.inputs[0], args.inputs[1]); };
    kernel.packs = 1, kernel.pack = pack;
    table.add(std::move(kernel));
  }
  Kernel kernel = kernel_of("conv2d_backward_data", {1});
  kernel.run = [](const KernelArgs& args) { Run(args, args.inputs[1], args.inputs[0]); };
  table.add(std::move(kernel));
}

/// float32 and float64 without gaps; the inputs listed in `any_strides` may lie in any way.
Support supports_conv2d(const KernelSignature& signature, std::initializer_list<size_t> any_strides);
/// Whether oneDNN, whose blocks hold 16 channels, would be quicker (measured: docs/adr/0011). `inputs` and
/// `outputs`: channels of a group of the convolution.
Support prefers_conv2d(const KernelSignature& signature, int64_t inputs, int64_t outputs);

template <class F>
decltype(auto) visit_conv_dtype(DType dtype, F&& f) {
  return dtype == DType::kFloat64 ? f.template operator()<double>() : f.template operator()<float>();
}

}  // namespace miai::kernels
