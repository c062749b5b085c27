// Integer-array indexing: where each indexed block lies in the base tensor and in the result. Shared by
// index, index_add and index_set.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "kernels/common/copy_plan.h"

namespace miai {

struct IndexPlan {
  struct IndexInput {
    DType dtype;
    Strides strides;  // over `where`
    int axis;
    int64_t size, stride;  // of the base's axis
  };
  std::vector<IndexInput> indices;
  Shape where;            // what the index tensors broadcast to
  Strides result_where;   // strides of those axes in the result
  TensorMeta base_block;  // the axes that are not indexed, with the base's strides
  TensorMeta result_block;
  int64_t count = 0;  // of `where`
};

/// `result` has the shape that indexing gives, with any strides (a broadcast value has zeros).
IndexPlan plan_index(const TensorMeta& base, const TensorMeta& result, std::span<const TensorMeta> indices,
                     const std::vector<int64_t>& axes);
/// Offset of the block in the base for each index of `where`, in row-major order; raises IndexError.
void base_offsets(const IndexPlan& plan, std::string_view op, std::span<const TensorView> indices,
                  int64_t* offsets);

/// First axis of the result that comes from the index tensors: where they stood if they stood together, else
/// the first.
int first_index_axis(const std::vector<int64_t>& axes);

}  // namespace miai
