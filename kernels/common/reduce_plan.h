// The loop nest of a reduction: kept dimensions, then reduced ones, each collapsed as far as the strides
// allow.
#pragma once
#include "kernels/common/attrs/reduce.h"
#include "kernels/common/tensor_view.h"

namespace miai {

struct ReducePlan {
  Shape kept, reduced;                    // sizes; never empty: [1]
  Strides kept_strides, reduced_strides;  // of the input, in elements
  int64_t outputs = 1;                    // product of kept
  int64_t count = 1;                      // product of reduced
};

/// `axis` as the attributes give it (None: all).
ReducePlan make_reduce_plan(const TensorMeta& input, const std::optional<Ints>& axis);
/// Offset in elements of element `index` of a loop nest.
int64_t nest_offset(const Shape& sizes, const Strides& strides, int64_t index);

}  // namespace miai
