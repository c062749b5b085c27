#include <algorithm>

#include "kernels/common/bounds.h"
#include "kernels/common/convert_scalar.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {

void register_reference_one_hot(KernelTable& table) {
  table.add(reference_kernel("one_hot", [](const KernelArgs& args) {
    const TensorView &in = args.inputs[0], &out = args.outputs[0];
    int64_t classes = out.shape.back();
    visit_int(in.dtype, [&]<class T>() {
      for_each_offset(
          in.shape,
          [&](int64_t from, int64_t to) {
            int64_t index = in.as<T>()[from];
            if (index < 0 || index >= classes)
              raise_bounds("one_hot", "inp", index, out.rank() - 1, 0, classes);
            T* row = out.as<T>() + to;
            if (out.strides.back() == 1)
              std::fill_n(row, classes, T(0));
            else
              for (int64_t i = 0; i < classes; ++i) row[i * out.strides.back()] = 0;
            row[index * out.strides.back()] = 1;
          },
          in.strides, out.strides);
    });
  }));
}

}  // namespace miai::kernels
