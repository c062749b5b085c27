// The first k of each lane along the last axis, in order: a heap of k, which most elements do not enter.
#include <algorithm>
#include <numeric>

#include "kernels/common/attrs/sort.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/reference/lane_sort.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

/// A heap of many is slower than a sort.
bool takes_heap(int64_t k, int64_t n) { return k * 8 <= n; }

Prepared prepare(const KernelSignature& s) {
  const TensorMeta& in = s.inputs[0];
  if (in.size() == 0) return {};
  const int64_t n = in.shape.back();
  return {nullptr, static_cast<size_t>(in.size() / n * reference::lane_space(n)) * sizeof(int32_t)};
}

void run(const KernelArgs& args) {
  const bool descending = args.attrs_as<TopKAttrs>().descending;
  const TensorView &in = args.inputs[0], &values = args.outputs[0], &indices = args.outputs[1];
  const int last = in.rank() - 1;
  Shape lanes = in.shape;
  const int64_t n = lanes[last], k = values.shape[last];
  lanes[last] = 1;
  if (values.size() == 0) return;
  const int64_t grain = std::max<int64_t>(1, (int64_t{1} << 12) / n);
  visit_dtype(in.dtype, [&]<class T>() {
    parallel_for(0, element_count(lanes), grain, [&](int64_t begin, int64_t end) {
      Odometer<3> at(lanes, {in.strides, values.strides, indices.strides});
      at.seek(begin);
      for (int64_t lane = begin; lane < end && !args.context.is_cancelled(); ++lane, at.next()) {
        int32_t* order = static_cast<int32_t*>(args.workspace) + lane * reference::lane_space(n);
        const T* from = in.as<T>() + at.offset(0);
        const reference::LaneOrder<T> less{from, in.strides[last], descending};
        if (takes_heap(k, n)) {
          std::iota(order, order + n, 0);
          std::partial_sort(order, order + k, order + n, less);
        } else {
          reference::sort_lane(order, n, less, args.context);
          if (args.context.is_cancelled()) return;
        }
        for (int64_t i = 0; i < k; ++i) {
          values.as<T>()[at.offset(1) + i * values.strides[last]] = from[order[i] * in.strides[last]];
          indices.as<int32_t>()[at.offset(2) + i * indices.strides[last]] = order[i];
        }
      }
    });
  });
}

}  // namespace

void register_reference_topk(KernelTable& table) { table.add(infallible_kernel("topk", run, prepare)); }

}  // namespace miai::kernels
