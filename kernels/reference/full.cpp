#include "kernels/common/attrs/full.h"

#include "kernels/common/convert_scalar.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {

void register_reference_full(KernelTable& table) {
  table.add(infallible_kernel("full", [](const KernelArgs& args) {
    const TensorView& out = args.outputs[0];
    visit_dtype(out.dtype, [&]<class T>() {
      T value = from_double<T>(args.attrs_as<FullAttrs>().value);
      for_each_offset(out.shape, [&](int64_t i) { out.as<T>()[i] = value; }, out.strides);
    });
  }));
}

}  // namespace miai::kernels
