// sort and topk of lanes: positions are sorted in the workspace, equal values by position, NaN as the
// greatest.
#include "kernels/common/attrs/sort.h"

#include <numeric>

#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

constexpr int64_t kBlock = int64_t{1} << 18;

/// Numbers of workspace of a lane: its order, and room to merge blocks.
int64_t lane_space(int64_t n) { return n > kBlock ? 2 * n : n; }

template <class T>
auto comparable(T x) {
  if constexpr (std::is_class_v<T>) {
    return static_cast<float>(x);
  } else {
    return x;
  }
}

template <class T>
bool is_less(T a, T b) {
  return a < b || (b != b && a == a);
}

/// Block after block, then pairs of blocks merged by way of `spare`: a long sort looks in between whether it
/// was cancelled.
template <class Less>
void sort_in_blocks(int32_t* order, int32_t* spare, int64_t n, const KernelContext& context, Less less) {
  for (int64_t i = 0; i < n && !context.is_cancelled(); i += kBlock)
    std::sort(order + i, order + std::min(i + kBlock, n), less);
  for (int64_t width = kBlock; width < n; width *= 2) {
    for (int64_t i = 0; i < n && !context.is_cancelled(); i += 2 * width) {
      const int64_t middle = std::min(i + width, n), end = std::min(i + 2 * width, n);
      if (middle == end || !less(order[middle], order[middle - 1])) continue;
      std::merge(order + i, order + middle, order + middle, order + end, spare + i, less);
      std::copy(spare + i, spare + end, order + i);
    }
  }
}

/// The positions of the first k elements of a lane come first in `order`. Of a few by a heap, which most
/// elements do not enter.
template <class T>
void order_lane(const T* from, int64_t stride, int32_t* order, int64_t n, int64_t k, bool descending,
                const KernelContext& context) {
  auto less = [&](int32_t a, int32_t b) {
    auto x = comparable(from[a * stride]), y = comparable(from[b * stride]);
    if (descending ? is_less(y, x) : is_less(x, y)) return true;
    if (descending ? is_less(x, y) : is_less(y, x)) return false;
    return a < b;
  };
  std::iota(order, order + n, 0);
  if (k * 8 <= n)
    std::partial_sort(order, order + k, order + n, less);
  else
    sort_in_blocks(order, order + n, n, context, less);
}

/// Writes the first k of each lane along the axis, and where they stood.
void write_first(const KernelArgs& args, int axis, bool descending) {
  const TensorView &in = args.inputs[0], &values = args.outputs[0], &indices = args.outputs[1];
  if (values.size() == 0) return;
  Shape lanes = in.shape;
  const int64_t n = lanes[axis], k = values.shape[axis];
  lanes[axis] = 1;
  const int64_t grain = std::max<int64_t>(1, (int64_t{1} << 12) / n);
  visit_dtype(in.dtype, [&]<class T>() {
    parallel_for(0, element_count(lanes), grain, [&](int64_t begin, int64_t end) {
      Odometer<3> at(lanes, {in.strides, values.strides, indices.strides});
      at.seek(begin);
      for (int64_t lane = begin; lane < end; ++lane, at.next()) {
        int32_t* order = static_cast<int32_t*>(args.workspace) + lane * lane_space(n);
        const T* from = in.as<T>() + at.offset(0);
        order_lane(from, in.strides[axis], order, n, k, descending, args.context);
        if (args.context.is_cancelled()) return;
        for (int64_t i = 0; i < k; ++i) {
          values.as<T>()[at.offset(1) + i * values.strides[axis]] = from[order[i] * in.strides[axis]];
          indices.as<int32_t>()[at.offset(2) + i * indices.strides[axis]] = order[i];
        }
      }
    });
  });
}

Prepared prepare_lanes(const TensorMeta& in, int axis) {
  if (in.size() == 0) return {};
  const int64_t n = in.shape[axis];
  return {nullptr, static_cast<size_t>(in.size() / n * lane_space(n)) * sizeof(int32_t)};
}

int axis_of(const SortAttrs& a, const TensorMeta& in) {
  return static_cast<int>(a.dim < 0 ? a.dim + in.rank() : a.dim);
}

}  // namespace

void register_reference_sort(KernelTable& table) {
  table.add(infallible_kernel(
      "sort",
      [](const KernelArgs& args) {
        const SortAttrs& a = args.attrs_as<SortAttrs>();
        write_first(args, axis_of(a, args.inputs[0]), a.descending);
      },
      [](const KernelSignature& s) {
        return prepare_lanes(s.inputs[0], axis_of(s.attrs.as<SortAttrs>(), s.inputs[0]));
      }));
  table.add(infallible_kernel(
      "topk",
      [](const KernelArgs& args) {
        write_first(args, args.inputs[0].rank() - 1, args.attrs_as<TopKAttrs>().descending);
      },
      [](const KernelSignature& s) { return prepare_lanes(s.inputs[0], s.inputs[0].rank() - 1); }));
}

}  // namespace miai::kernels
