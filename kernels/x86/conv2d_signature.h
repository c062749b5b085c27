// What our kernels of conv2d and its gradients take.
#pragma once
#include <initializer_list>

#include "kernels/common/attrs/conv2d.h"
#include "kernels/common/kernel.h"

namespace miai::kernels {

inline constexpr int kPreference = 20;  // above oneDNN's 10

/// The convolution's attributes, whichever of its operators is called.
Conv2dAttrs conv2d_attrs_of(const KernelSignature& signature);
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
