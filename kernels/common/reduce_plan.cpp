#include "kernels/common/reduce_plan.h"

namespace miai {
namespace {

bool is_reduced(const std::optional<Ints>& axis, int i, int rank) {
  if (!axis) return true;
  for (int64_t a : *axis)
    if ((a < 0 ? a + rank : a) == i) return true;
  return false;
}

void collapse(Shape& sizes, Strides& strides) {
  for (int i = sizes.size() - 1; i > 0; --i) {
    if (strides[i - 1] != strides[i] * sizes[i]) continue;
    sizes[i - 1] *= sizes[i];
    strides[i - 1] = strides[i];
    sizes.erase(i);
    strides.erase(i);
  }
  if (!sizes.empty()) return;
  sizes.push_back(1);
  strides.push_back(0);
}

}  // namespace

ReducePlan make_reduce_plan(const TensorMeta& input, const std::optional<Ints>& axis) {
  ReducePlan plan;
  for (int i = 0; i < input.rank(); ++i) {
    bool reduced = is_reduced(axis, i, input.rank());
    (reduced ? plan.count : plan.outputs) *= input.shape[i];
    if (input.shape[i] == 1) continue;
    (reduced ? plan.reduced : plan.kept).push_back(input.shape[i]);
    (reduced ? plan.reduced_strides : plan.kept_strides).push_back(input.strides[i]);
  }
  collapse(plan.kept, plan.kept_strides);
  collapse(plan.reduced, plan.reduced_strides);
  return plan;
}

int64_t nest_offset(const Shape& sizes, const Strides& strides, int64_t index) {
  int64_t offset = 0;
  for (int i = sizes.size() - 1; i >= 0; --i) {
    offset += index % sizes[i] * strides[i];
    index /= sizes[i];
  }
  return offset;
}

}  // namespace miai
