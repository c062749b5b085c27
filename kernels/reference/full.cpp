#include "kernels/common/attrs/full.h"

#include "kernels/common/convert_scalar.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/strided.h"

namespace miai::kernels {

void register_reference_full(KernelTable& table) {
  Kernel kernel;
  kernel.op = "full";
  kernel.name = "reference/full";
  kernel.run = [](const KernelArgs& args) {
    const TensorView& out = args.outputs[0];
    visit_dtype(out.dtype, [&]<class T>() {
      T value = from_double<T>(args.attrs_as<FullAttrs>().value);
      for_each_offset(out.shape, [&](int64_t i) { out.as<T>()[i] = value; }, out.strides);
    });
  };
  kernel.cannot_fail = true;
  kernel.preference = -100;
  table.add(std::move(kernel));
}

}  // namespace miai::kernels
