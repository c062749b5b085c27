// Sorts lanes: positions are sorted in the workspace, equal values by position, NaN as the greatest.
#include "kernels/common/attrs/sort.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/reference/lane_sort.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

int axis_of(const SortAttrs& a, const TensorMeta& in) {
  return static_cast<int>(a.dim < 0 ? a.dim + in.rank() : a.dim);
}

void run_sort(const KernelArgs& args) {
  const SortAttrs& a = args.attrs_as<SortAttrs>();
  const TensorView &in = args.inputs[0], &values = args.outputs[0], &indices = args.outputs[1];
  if (in.size() == 0) return;
  int axis = axis_of(a, in);
  Shape lanes = in.shape;
  int64_t n = lanes[axis];
  lanes[axis] = 1;
  int64_t grain = std::max<int64_t>(1, (int64_t{1} << 12) / n);
  visit_dtype(in.dtype, [&]<class T>() {
    parallel_for(0, element_count(lanes), grain, [&](int64_t begin, int64_t end) {
      Odometer<3> at(lanes, {in.strides, values.strides, indices.strides});
      at.seek(begin);
      for (int64_t lane = begin; lane < end; ++lane, at.next()) {
        int32_t* order = static_cast<int32_t*>(args.workspace) + lane * reference::lane_space(n);
        const T* from = in.as<T>() + at.offset(0);
        reference::LaneOrder<T> less{from, in.strides[axis], a.descending};
        reference::sort_lane(order, n, less, args.context);
        if (args.context.is_cancelled()) return;
        for (int64_t i = 0; i < n; ++i) {
          values.as<T>()[at.offset(1) + i * values.strides[axis]] = from[order[i] * in.strides[axis]];
          indices.as<int32_t>()[at.offset(2) + i * indices.strides[axis]] = order[i];
        }
      }
    });
  });
}

}  // namespace

void register_reference_sort(KernelTable& table) {
  table.add(infallible_kernel("sort", run_sort, [](const KernelSignature& s) {
    const TensorMeta& in = s.inputs[0];
    if (in.size() == 0) return Prepared{};
    const int64_t n = in.shape[axis_of(s.attrs.as<SortAttrs>(), in)];
    return Prepared{nullptr, static_cast<size_t>(in.size() / n * reference::lane_space(n)) * sizeof(int32_t)};
  }));
}

}  // namespace miai::kernels
