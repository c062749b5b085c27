// index, index_set and index_add: blocks of the axes that are not indexed, one for each index.
#include "kernels/common/index_plan.h"

#include "kernels/common/attrs/index.h"
#include "kernels/common/bounds.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/common/views.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

struct IndexState {
  IndexPlan plan;
  CopyPlan block;  // from the base to the result, or from the value to the base
  CopyPlan whole;  // index_set, index_add: input 0 to the output
};

Prepared prepared(IndexState state) {
  size_t bytes = static_cast<size_t>(state.plan.count) * sizeof(int64_t);
  return {std::make_shared<IndexState>(std::move(state)), bytes};
}

Prepared prepare_index(const KernelSignature& s) {
  IndexState state;
  state.plan = plan_index(s.inputs[0], s.outputs[0], s.inputs.subspan(1), s.attrs.as<IndexAttrs>().axes);
  state.block = plan_copy(state.plan.base_block, 0, state.plan.result_block);
  return prepared(std::move(state));
}

void run_index(const KernelArgs& args) {
  const IndexState& state = args.state_as<IndexState>();
  const IndexPlan& plan = state.plan;
  auto* offsets = static_cast<int64_t*>(args.workspace);
  base_offsets(plan, "index", args.inputs.subspan(1), offsets);
  int64_t size = static_cast<int64_t>(dtype_size(args.outputs[0].dtype));
  const char* from = args.inputs[0].as<char>();
  char* to = args.outputs[0].as<char>();
  int64_t grain = std::max<int64_t>(1, (int64_t{1} << 14) / std::max<int64_t>(1, state.block.count));
  parallel_for(0, plan.count, grain, [&](int64_t begin, int64_t end) {
    Odometer<1> at(plan.where, {plan.result_where});
    at.seek(begin);
    for (int64_t i = begin; i < end; ++i, at.next())
      run_copy_plan(state.block, from + offsets[i] * size, to + at.offset(0) * size);
  });
}

/// The shape that indexing input 0 gives, with the strides of the broadcast value (input 1).
TensorMeta stretched_value(const KernelSignature& s) {
  const TensorMeta &base = s.outputs[0], &value = s.inputs[1];
  const Ints& axes = s.attrs.as<IndexAttrs>().axes;
  Shape where;
  for (const TensorMeta& index : s.inputs.subspan(2)) {
    while (where.size() < index.rank()) where.insert(0, 1);
    for (int i = 0; i < index.rank(); ++i) {
      int64_t& size = where[where.size() - index.rank() + i];
      if (size == 1) size = index.shape[i];
    }
  }
  Shape shape;
  for (int i = 0; i < base.rank(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) shape.push_back(base.shape[i]);
  for (int i = 0; i < where.size(); ++i) shape.insert(first_index_axis(axes) + i, where[i]);
  return apply_view(value, *broadcast_view(value, {}, shape));
}

Prepared prepare_write(const KernelSignature& s) {
  IndexState state;
  const TensorMeta& out = s.outputs[0];
  state.plan = plan_index(out, stretched_value(s), s.inputs.subspan(2), s.attrs.as<IndexAttrs>().axes);
  state.block = plan_copy(state.plan.result_block, 0, state.plan.base_block);
  state.whole = plan_copy(s.inputs[0], 0, out);
  return prepared(std::move(state));
}

void check_indices(const KernelArgs& args, std::string_view op) {
  base_offsets(args.state_as<IndexState>().plan, op, args.inputs.subspan(2),
               static_cast<int64_t*>(args.workspace));
}

/// Checks the indices before anything is written, then copies input 0 to the output.
const IndexState& begin_write(const KernelArgs& args, std::string_view op) {
  const IndexState& state = args.state_as<IndexState>();
  check_indices(args, op);
  if (args.inputs[0].data != args.outputs[0].data)
    run_copy_plan(state.whole, args.inputs[0].data, args.outputs[0].data);
  return state;
}

// In order, so that of equal indices the last one stays.
void run_index_set(const KernelArgs& args) {
  const IndexState& state = begin_write(args, "index_set");
  const auto* offsets = static_cast<const int64_t*>(args.workspace);
  int64_t size = static_cast<int64_t>(dtype_size(args.outputs[0].dtype));
  Odometer<1> at(state.plan.where, {state.plan.result_where});
  for (int64_t i = 0; i < state.plan.count; ++i, at.next())
    run_copy_plan(state.block, args.inputs[1].as<char>() + at.offset(0) * size,
                  args.outputs[0].as<char>() + offsets[i] * size);
}

// In order, so that sums do not depend on threads.
void run_index_add(const KernelArgs& args) {
  const IndexState& state = begin_write(args, "index_add");
  const IndexPlan& plan = state.plan;
  const auto* offsets = static_cast<const int64_t*>(args.workspace);
  visit_dtype(args.outputs[0].dtype, [&]<class T>() {
    Odometer<1> at(plan.where, {plan.result_where});
    for (int64_t i = 0; i < plan.count; ++i, at.next()) {
      T* to = args.outputs[0].as<T>() + offsets[i];
      const T* from = args.inputs[1].as<T>() + at.offset(0);
      for_each_offset(
          plan.base_block.shape, [&](int64_t b, int64_t v) { to[b] = add_values(to[b], from[v]); },
          plan.base_block.strides, plan.result_block.strides);
    }
  });
}

}  // namespace

void register_reference_index(KernelTable& table) {
  table.add(reference_kernel("index", run_index, prepare_index));
  Kernel set = reference_kernel("index_set", run_index_set, prepare_write);
  set.check = [](const KernelArgs& args) { check_indices(args, "index_set"); };
  table.add(std::move(set));
  Kernel add = reference_kernel("index_add", run_index_add, prepare_write);
  add.check = [](const KernelArgs& args) { check_indices(args, "index_add"); };
  table.add(std::move(add));
}

}  // namespace miai::kernels
