// Sorts lanes: positions are sorted in the workspace, equal values by position, NaN as the greatest.
#include "kernels/common/attrs/sort.h"
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

template <class T>
void sort_lane(const T* from, int64_t stride, int32_t* order, int32_t* spare, int64_t n, bool descending,
               const KernelContext& context) {
  for (int64_t i = 0; i < n; ++i) order[i] = static_cast<int32_t>(i);
  sort_in_blocks(order, spare, n, context, [&](int32_t a, int32_t b) {
    auto x = comparable(from[a * stride]), y = comparable(from[b * stride]);
    if (descending ? is_less(y, x) : is_less(x, y)) return true;
    if (descending ? is_less(x, y) : is_less(y, x)) return false;
    return a < b;
  });
}

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
        int32_t* order = static_cast<int32_t*>(args.workspace) + lane * lane_space(n);
        const T* from = in.as<T>() + at.offset(0);
        sort_lane(from, in.strides[axis], order, order + n, n, a.descending, args.context);
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
    return Prepared{nullptr, static_cast<size_t>(in.size() / n * lane_space(n)) * sizeof(int32_t)};
  }));
}

}  // namespace miai::kernels
