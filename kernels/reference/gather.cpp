// gather, scatter and scatter_add: one index an element.
#include "kernels/common/attrs/reduce.h"
#include "kernels/common/bounds.h"
#include "kernels/common/copy_plan.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

int axis_of(const KernelArgs& args) {
  int64_t axis = args.attrs_as<AxisAttrs>().axis;
  return static_cast<int>(axis < 0 ? axis + args.inputs[0].rank() : axis);
}

/// Calls f(base, other): for each element of `index`, the offset in `base` that it names, and its offset in
/// `other`.
template <class F>
void for_each_pair(std::string_view op, const TensorView& base, const TensorView& index,
                   const TensorView& other, int axis, F&& f) {
  Strides strides = base.strides;
  strides[axis] = 0;
  visit_int(index.dtype, [&]<class T>() {
    for_each_offset(
        index.shape,
        [&](int64_t from, int64_t at, int64_t pair) {
          int64_t i = wrap_index(op, "index", index.as<T>()[at], axis, base.shape[axis]);
          f(from + i * base.strides[axis], pair);
        },
        strides, index.strides, other.strides);
  });
}

void run_gather(const KernelArgs& args) {
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  visit_size(dtype_size(in.dtype), [&]<class T>() {
    for_each_pair("gather", in, args.inputs[1], out, axis_of(args),
                  [&](int64_t from, int64_t to) { out.as<T>()[to] = in.as<T>()[from]; });
  });
}

Prepared prepare_scatter(const KernelSignature& s) {
  return {std::make_shared<CopyPlan>(plan_copy(s.inputs[0], 0, s.outputs[0]))};
}

/// The indices are checked before the output is written.
void begin_scatter(const KernelArgs& args, std::string_view op) {
  for_each_pair(op, args.outputs[0], args.inputs[1], args.inputs[1], axis_of(args), [](int64_t, int64_t) {});
  if (args.inputs[0].data != args.outputs[0].data)
    run_copy_plan(args.state_as<CopyPlan>(), args.inputs[0].data, args.outputs[0].data);
}

void run_scatter(const KernelArgs& args) {
  begin_scatter(args, "scatter");
  const TensorView &source = args.inputs[2], &out = args.outputs[0];
  visit_size(dtype_size(out.dtype), [&]<class T>() {
    for_each_pair("scatter", out, args.inputs[1], source, axis_of(args),
                  [&](int64_t to, int64_t from) { out.as<T>()[to] = source.as<T>()[from]; });
  });
}

void run_scatter_add(const KernelArgs& args) {
  begin_scatter(args, "scatter_add");
  const TensorView &source = args.inputs[2], &out = args.outputs[0];
  visit_dtype(out.dtype, [&]<class T>() {
    for_each_pair("scatter_add", out, args.inputs[1], source, axis_of(args), [&](int64_t to, int64_t from) {
      out.as<T>()[to] = add_values(out.as<T>()[to], source.as<T>()[from]);
    });
  });
}

}  // namespace

void register_reference_gather(KernelTable& table) {
  table.add(reference_kernel("gather", run_gather));
  table.add(reference_kernel("scatter", run_scatter, prepare_scatter));
  table.add(reference_kernel("scatter_add", run_scatter_add, prepare_scatter));
}

}  // namespace miai::kernels
