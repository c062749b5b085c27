// A strided copy prepared once: axes merged and ordered so that the inner loop is as long as it can be.
#pragma once
#include <optional>

#include "kernels/common/tensor_view.h"

namespace miai {

struct CopyPlan {
  enum class Inner {
    kMove,       // both lie without gaps in the last axis: memcpy
    kFill,       // one element repeated
    kTranspose,  // the source has its unit stride in axis `source_axis`, the destination in the last one
    kStrided,
  };
  Inner inner = Inner::kStrided;
  size_t element_bytes = 1;
  Shape shape;       // merged; at least one axis
  Strides from, to;  // in elements
  int64_t from_offset = 0;
  int source_axis = -1;  // kTranspose
  int64_t count = 0;     // elements in all
};

/// A copy of `from` (read at from_offset) to `to`, which have the same shape.
CopyPlan plan_copy(const TensorMeta& from, int64_t from_offset, const TensorMeta& to);
/// Runs it on the threads at hand.
void run_copy_plan(const CopyPlan& plan, const void* from, void* to);

}  // namespace miai
