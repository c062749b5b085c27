// What the operators that only rearrange do when their output is not a view: an element at a time.
#include "kernels/common/strided.h"
#include "kernels/common/views.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

/// How input 0 is read; for a reshape that is no view, the input's own shape, in the same row-major order.
struct CopyState {
  ViewSpec source;
};

void run_copy(const KernelArgs& args) {
  const ViewSpec& source = args.state_as<CopyState>().source;
  const TensorView &in = args.inputs[0], &out = args.outputs[0];
  Odometer<1> to(out.shape, {out.strides});
  visit_size(dtype_size(in.dtype), [&]<class T>() {
    for_each_offset(
        source.shape,
        [&](int64_t from) {
          out.as<T>()[to.offset(0)] = in.as<T>()[source.offset + from];
          to.next();
        },
        source.strides);
  });
}

}  // namespace

void register_reference_copy(KernelTable& table) {
  for (const NamedViewRule& named : copying_ops()) {
    auto prepare = [rule = named.rule](const KernelSignature& s) {
      std::optional<ViewSpec> view = rule(s.inputs[0], s.attrs, s.outputs[0].shape);
      if (!view) view = ViewSpec{s.inputs[0].shape, s.inputs[0].strides, 0};
      return Prepared{std::make_shared<CopyState>(CopyState{*view})};
    };
    table.add(infallible_kernel(std::string(named.op), run_copy, prepare));
  }
}

}  // namespace miai::kernels
