#include "kernels/common/attrs/full.h"

#include "kernels/common/convert_scalar.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"

namespace miai::kernels {

void register_x86_full(KernelTable& table) {
  Kernel kernel;
  kernel.op = "full";
  kernel.name = "x86/full";
  kernel.supports = [](const KernelSignature& s) {
    return s.outputs[0].is_dense() ? Support::yes() : Support::no("the output is not dense");
  };
  kernel.run = [](const KernelArgs& args) {
    const TensorView& out = args.outputs[0];
    visit_dtype(out.dtype, [&]<class T>() {
      T value = from_double<T>(args.attrs_as<FullAttrs>().value);
      T* data = out.as<T>();
      parallel_for(0, out.size(), int64_t{1} << 16,
                   [&](int64_t begin, int64_t end) { std::fill(data + begin, data + end, value); });
    });
  };
  kernel.cannot_fail = true;
  table.add(std::move(kernel));
}

}  // namespace miai::kernels
