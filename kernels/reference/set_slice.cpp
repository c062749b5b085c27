#include "kernels/common/attrs/shape.h"
#include "kernels/common/copy_plan.h"
#include "kernels/common/views.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

struct SetSliceState {
  CopyPlan whole, part;
  int64_t offset;  // of the slice within the output
};

Prepared prepare_set_slice(const KernelSignature& s) {
  const TensorMeta &in = s.inputs[0], &value = s.inputs[1], &out = s.outputs[0];
  Shape shape = static_shape(s.attrs.as<SliceAttrs>().size);
  ViewSpec slice = *slice_view(out, s.attrs, shape);
  ViewSpec stretched = *broadcast_view(value, {}, shape);
  return {std::make_shared<SetSliceState>(
      SetSliceState{plan_copy(in, 0, out), plan_copy(apply_view(value, stretched), 0, apply_view(out, slice)),
                    slice.offset})};
}

void run_set_slice(const KernelArgs& args) {
  const SetSliceState& state = args.state_as<SetSliceState>();
  const TensorView& out = args.outputs[0];
  if (args.inputs[0].data != out.data) run_copy_plan(state.whole, args.inputs[0].data, out.data);
  char* part = out.as<char>() + state.offset * static_cast<int64_t>(dtype_size(out.dtype));
  run_copy_plan(state.part, args.inputs[1].data, part);
}

}  // namespace

void register_reference_set_slice(KernelTable& table) {
  table.add(infallible_kernel("set_slice", run_set_slice, prepare_set_slice));
}

}  // namespace miai::kernels
