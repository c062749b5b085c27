// What the kernels by Winograd's filtering have in common: which convolutions they take, and when.
#pragma once
#include "kernels/common/kernel.h"
#include "kernels/x86/winograd_tiles.h"

namespace miai::kernels {

/// The three sides of a convolution or of one of its gradients, inputs or outputs as it may be.
struct WinogradSides {
  const TensorMeta &source, &weight, &target;
};

/// Of one of these dtypes.
Support supports_winograd_sides(const KernelSignature& signature, const WinogradSides& sides,
                                std::initializer_list<DType> dtypes = {DType::kFloat32});
/// Of cycles that the filtering and plain sums are expected to take.
Support supports_winograd_cost(double cycles, double plain_cycles);

WinogradImages winograd_images(const TensorMeta& meta);

/// What costs are counted in: vectors of so many products.
inline constexpr int64_t kCostLanes = 16;
/// Products of the plain sums, in vectors.
double plain_vectors(const WinogradSides& sides);

}  // namespace miai::kernels
