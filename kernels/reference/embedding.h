// The gradient of embedding, for the operators that make it.
#pragma once
#include "kernels/common/tensor_view.h"

namespace miai::kernels {

/// The rows of `dy` summed into `out`, each into the one of `rows` (row-major over the index's shape), none
/// into the row `skip`.
void sum_into_rows(const TensorView& dy, const Shape& index, const int64_t* rows, int64_t skip,
                   const TensorView& out);

}  // namespace miai::kernels
