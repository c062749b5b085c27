// What the kernels by Winograd's filtering have in common: which convolutions they take, and when.
#pragma once
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/winograd_tiles.h"

namespace miai::kernels {

/// Of one of these dtypes.
Support supports_winograd_sides(const KernelSignature& signature, const ConvolutionSides& sides,
                                std::initializer_list<DType> dtypes = {DType::kFloat32});
/// Of cycles that the filtering and plain sums are expected to take.
Support supports_winograd_cost(double cycles, double plain_cycles);

WinogradImages winograd_images(const TensorMeta& meta);

/// What costs are counted in: vectors of so many products.
inline constexpr int64_t kCostLanes = 16;
/// Products of the plain sums, in vectors.
double plain_vectors(const ConvolutionSides& sides);

}  // namespace miai::kernels
