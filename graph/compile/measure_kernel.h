// Runs one kernel on memory of its own and takes the time.
#pragma once
#include "kernels/common/kernel.h"

namespace miai {

/// Seconds of one run at best, the first one not counted; its weight packed before if `signature.packed`.
/// Raises what the kernel raises.
double measure_kernel(const Kernel& kernel, const KernelSignature& signature);
/// Whether memory for the operands can be made: strides that run forwards.
bool can_measure(const KernelSignature& signature);

}  // namespace miai
