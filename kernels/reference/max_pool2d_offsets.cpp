#include "kernels/common/pool_offset.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using reference::Image;

/// to = change(from, the window's begin), for each window.
template <class From, class To, class Change>
void change_each(const KernelArgs& args, Change&& change) {
  PoolOffset windows(args.attrs_as<PoolOffsetAttrs>());
  const Shape& shape = args.outputs[0].shape;
  Image<From> from(args.inputs[0]);
  Image<To> to(args.outputs[0]);
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t c = 0; c < shape[1]; ++c)
      for (int64_t i = 0; i < shape[2]; ++i)
        for (int64_t j = 0; j < shape[3]; ++j)
          to.at(n, c, i, j) = change(windows, from.at(n, c, i, j), windows.begin(i, j));
}

}  // namespace

void register_reference_max_pool2d_offsets(KernelTable& table) {
  table.add(reference_kernel("max_pool2d_offsets", [](const KernelArgs& args) {
    change_each<int32_t, uint8_t>(args,
                                  [](auto& w, auto index, auto begin) { return w.offset(index, begin); });
  }));
  table.add(reference_kernel("max_pool2d_indices", [](const KernelArgs& args) {
    change_each<uint8_t, int32_t>(args,
                                  [](auto& w, auto offset, auto begin) { return w.index(offset, begin); });
  }));
}

}  // namespace miai::kernels
