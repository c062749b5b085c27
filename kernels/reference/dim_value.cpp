#include "kernels/common/attrs/dim_value.h"

#include "kernels/common/kernel_table.h"

namespace miai::kernels {

void register_reference_dim_value(KernelTable& table) {
  Kernel kernel;
  kernel.op = "dim_value";
  kernel.name = "reference/dim_value";
  kernel.run = [](const KernelArgs& args) {
    *args.outputs[0].as<int64_t>() = args.attrs_as<DimValueAttrs>().dim.value();
  };
  kernel.preference = -100;
  kernel.cannot_fail = true;
  table.add(std::move(kernel));
}

}  // namespace miai::kernels
