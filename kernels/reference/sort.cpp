// Sorts lanes: positions are sorted in the workspace, equal values by position, NaN as the greatest.
#include "kernels/common/attrs/sort.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

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

template <class T>
void sort_lane(const T* from, int64_t stride, int32_t* order, int64_t n, bool descending) {
  for (int64_t i = 0; i < n; ++i) order[i] = static_cast<int32_t>(i);
  std::sort(order, order + n, [&](int32_t a, int32_t b) {
    auto x = comparable(from[a * stride]), y = comparable(from[b * stride]);
    if (descending ? is_less(y, x) : is_less(x, y)) return true;
    if (descending ? is_less(x, y) : is_less(y, x)) return false;
    return a < b;
  });
}

void run_sort(const KernelArgs& args) {
  const SortAttrs& a = args.attrs_as<SortAttrs>();
  const TensorView &in = args.inputs[0], &values = args.outputs[0], &indices = args.outputs[1];
  if (in.size() == 0) return;
  int axis = static_cast<int>(a.dim < 0 ? a.dim + in.rank() : a.dim);
  Shape lanes = in.shape;
  int64_t n = lanes[axis];
  lanes[axis] = 1;
  int64_t grain = std::max<int64_t>(1, (int64_t{1} << 12) / n);
  visit_dtype(in.dtype, [&]<class T>() {
    parallel_for(0, element_count(lanes), grain, [&](int64_t begin, int64_t end) {
      Odometer<3> at(lanes, {in.strides, values.strides, indices.strides});
      at.seek(begin);
      for (int64_t lane = begin; lane < end; ++lane, at.next()) {
        int32_t* order = static_cast<int32_t*>(args.workspace) + lane * n;
        const T* from = in.as<T>() + at.offset(0);
        sort_lane(from, in.strides[axis], order, n, a.descending);
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
    return Prepared{nullptr, static_cast<size_t>(s.inputs[0].size()) * sizeof(int32_t)};
  }));
}

}  // namespace miai::kernels
