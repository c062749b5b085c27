// Running sums along one axis; 16-bit floats are summed in float32.
#include "kernels/common/attrs/reduce.h"
#include "kernels/common/bounds.h"
#include "kernels/common/convert_scalar.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {

void register_reference_cumsum(KernelTable& table) {
  table.add(infallible_kernel("cumsum", [](const KernelArgs& args) {
    const TensorView &in = args.inputs[0], &out = args.outputs[0];
    int64_t named = args.attrs_as<AxisAttrs>().axis;
    int axis = static_cast<int>(named < 0 ? named + in.rank() : named);
    Shape lanes = in.shape;
    int64_t n = lanes[axis], from_step = in.strides[axis], to_step = out.strides[axis];
    lanes[axis] = std::min<int64_t>(n, 1);
    visit_dtype(in.dtype, [&]<class T>() {
      using Sum = std::conditional_t<std::is_class_v<T>, float, T>;
      for_each_offset(
          lanes,
          [&](int64_t from, int64_t to) {
            Sum sum{};
            for (int64_t i = 0; i < n; ++i) {
              sum = add_values(sum, static_cast<Sum>(in.as<T>()[from + i * from_step]));
              out.as<T>()[to + i * to_step] = T(sum);
            }
          },
          in.strides, out.strides);
    });
  }));
}

}  // namespace miai::kernels
