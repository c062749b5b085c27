#include "kernels/common/index_plan.h"

#include "kernels/common/bounds.h"
#include "kernels/common/strided.h"
#include "kernels/common/views.h"

namespace miai {

int first_index_axis(const std::vector<int64_t>& axes) {
  bool together = axes.back() - axes.front() + 1 == static_cast<int64_t>(axes.size());
  return together ? static_cast<int>(axes.front()) : 0;
}

IndexPlan plan_index(const TensorMeta& base, const TensorMeta& result, std::span<const TensorMeta> indices,
                     const std::vector<int64_t>& axes) {
  IndexPlan plan;
  int rank = result.rank() - (base.rank() - static_cast<int>(axes.size())), first = first_index_axis(axes);
  plan.base_block.dtype = plan.result_block.dtype = base.dtype;
  for (int i = 0; i < result.rank(); ++i) {
    bool indexed = i >= first && i < first + rank;
    Shape& shape = indexed ? plan.where : plan.result_block.shape;
    Strides& strides = indexed ? plan.result_where : plan.result_block.strides;
    shape.push_back(result.shape[i]);
    strides.push_back(result.strides[i]);
  }
  plan.base_block.shape = plan.result_block.shape;
  for (int i = 0; i < base.rank(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end())
      plan.base_block.strides.push_back(base.strides[i]);
  for (size_t k = 0; k < indices.size(); ++k) {
    int axis = static_cast<int>(axes[k]);
    Strides strides = broadcast_view(indices[k], {}, plan.where)->strides;
    plan.indices.push_back({indices[k].dtype, strides, axis, base.shape[axis], base.strides[axis]});
  }
  plan.count = element_count(plan.where);
  return plan;
}

void base_offsets(const IndexPlan& plan, std::string_view op, std::span<const TensorView> indices,
                  int64_t* offsets) {
  std::fill(offsets, offsets + plan.count, 0);
  for (size_t k = 0; k < plan.indices.size(); ++k) {
    const IndexPlan::IndexInput& input = plan.indices[k];
    std::string argument = "indices[" + std::to_string(k) + "]";
    visit_int(input.dtype, [&]<class T>() {
      int64_t* to = offsets;
      for_each_offset(
          plan.where,
          [&](int64_t from) {
            int64_t index = indices[k].as<T>()[from];
            *to++ += input.stride * wrap_index(op, argument, index, input.axis, input.size);
          },
          input.strides);
    });
  }
}

}  // namespace miai
