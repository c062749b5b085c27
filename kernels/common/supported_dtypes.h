// Which dtypes a kernel takes, and the words in which it refuses others.
#pragma once
#include <initializer_list>

#include "kernels/common/kernel.h"

namespace miai {

/// No: "dtype int8: made for float32 and float64".
Support supports_dtype(DType dtype, std::initializer_list<DType> dtypes = {DType::kFloat32});
/// All floating inputs and outputs that are there are of one of the dtypes.
Support supports_floats(const KernelSignature& signature,
                        std::initializer_list<DType> dtypes = {DType::kFloat32});

}  // namespace miai
