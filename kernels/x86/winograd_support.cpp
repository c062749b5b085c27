#include "kernels/x86/winograd_support.h"

#include "kernels/common/supported_dtypes.h"

namespace miai::kernels {

Support supports_winograd_sides(const KernelSignature& signature, const ConvolutionSides& sides,
                                std::initializer_list<DType> dtypes) {
  const Conv2dAttrs a = conv2d_attrs_of(signature);
  if (Support can = supports_floats(signature, dtypes); !can.ok) return can;
  if (sides.weight.shape[2] != 3 || sides.weight.shape[3] != 3)
    return Support::no("made for windows of 3 x 3");
  if (a.stride != Pair{1, 1} || a.dilation != Pair{1, 1})
    return Support::no("made for stride and dilation 1");
  if (a.groups != 1) return Support::no("made for one group");
  if (a.padding[0] > 2 || a.padding[1] > 2) return Support::no("made for a padding of 2 at most");
  for (const TensorMeta* meta : {&sides.source, &sides.target})
    if (!meta->is_dense() && !meta->is_channels_last()) return Support::no("images with gaps");
  if (!sides.weight.is_dense()) return Support::no("a weight with gaps");
  return Support::yes();
}

Support supports_winograd_cost(double cycles, double plain_cycles) {
  constexpr double kClear = 0.8;
  if (cycles > plain_cycles) return Support::no("plain sums are expected to be quicker");
  return cycles < kClear * plain_cycles ? Support::yes()
                                        : Support::only_if_needed("hardly quicker than plain sums");
}

WinogradImages winograd_images(const TensorMeta& meta) {
  return {meta.shape[1], meta.shape[2], meta.shape[3], meta.is_channels_last(), meta.dtype};
}

double plain_vectors(const ConvolutionSides& sides) {
  const Shape& y = sides.target.shape;
  return static_cast<double>(sides.weight.size()) * static_cast<double>(y[0] * y[2] * y[3]) /
         static_cast<double>(kCostLanes);
}

}  // namespace miai::kernels
