#include "kernels/common/attrs/dim_value.h"

#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {

void register_reference_dim_value(KernelTable& table) {
  table.add(infallible_kernel("dim_value", [](const KernelArgs& args) {
    *args.outputs[0].as<int64_t>() = args.attrs_as<DimValueAttrs>().dim.value();
  }));
}

}  // namespace miai::kernels
