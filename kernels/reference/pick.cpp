// One element along an axis for each index, and back.
#include "kernels/common/attrs/pick.h"

#include "kernels/common/bounds.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

/// Where an error says that the index came from, and which indices are good.
struct Bounds {
  std::string_view op, argument;
  int axis;
  int64_t size;
  bool negative;
  int64_t operator()(int64_t index) const {
    if (negative) return wrap_index(op, argument, index, axis, size);
    if (index < 0 || index >= size) raise_bounds(op, argument, index, axis, 0, size);
    return index;
  }
};

/// Calls f(from, to) for each index: the offset of the element in the tensor with the axis, and that in the
/// one without.
template <class F>
void for_each_picked(const TensorView& with_axis, const TensorView& index, const TensorView& without,
                     const Bounds& bounds, F&& f) {
  Strides lanes = with_axis.strides;
  lanes.erase(bounds.axis);
  const int64_t stride = with_axis.strides[bounds.axis];
  visit_int(index.dtype, [&]<class T>() {
    for_each_offset(
        index.shape,
        [&](int64_t lane, int64_t at, int64_t other) { f(lane + bounds(index.as<T>()[at]) * stride, other); },
        lanes, index.strides, without.strides);
  });
}

int axis_of(int64_t axis, const TensorView& view) {
  return static_cast<int>(axis < 0 ? axis + view.rank() : axis);
}

void run_pick(const KernelArgs& args) {
  const auto& a = args.attrs_as<PickAttrs>();
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  const int axis = axis_of(a.axis, in);
  const Bounds bounds{a.reported_op, a.reported_argument, axis, in.shape[axis], a.negative};
  visit_size(dtype_size(in.dtype), [&]<class T>() {
    for_each_picked(in, args.inputs[1], out, bounds,
                    [&](int64_t from, int64_t to) { out.as<T>()[to] = in.as<T>()[from]; });
  });
}

void run_pick_backward(const KernelArgs& args) {
  const auto& a = args.attrs_as<PickBackwardAttrs>();
  const TensorView &dy = args.inputs[0], &dx = args.outputs[0];
  const int axis = axis_of(a.axis, dx);
  const Bounds bounds{"pick_backward", "index", axis, dx.shape[axis], a.negative};
  visit_size(dtype_size(dx.dtype), [&]<class T>() {
    for_each_offset(dx.shape, [&](int64_t i) { dx.as<T>()[i] = T{}; }, dx.strides);
    for_each_picked(dx, args.inputs[1], dy, bounds,
                    [&](int64_t to, int64_t from) { dx.as<T>()[to] = dy.as<T>()[from]; });
  });
}

}  // namespace

void register_reference_pick(KernelTable& table) {
  table.add(reference_kernel("pick", run_pick));
  table.add(reference_kernel("pick_backward", run_pick_backward));
}

}  // namespace miai::kernels
