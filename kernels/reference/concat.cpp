#include "kernels/common/attrs/reduce.h"
#include "kernels/common/copy_plan.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

struct ConcatState {
  std::vector<CopyPlan> parts;
  std::vector<int64_t> offsets;  // bytes, within the output
};

Prepared prepare_concat(const KernelSignature& s) {
  const TensorMeta& out = s.outputs[0];
  int axis = static_cast<int>(s.attrs.as<AxisAttrs>().axis);
  if (axis < 0) axis += out.rank();
  auto state = std::make_shared<ConcatState>();
  int64_t offset = 0;
  for (const TensorMeta& in : s.inputs) {
    TensorMeta part = out;
    part.shape = in.shape;
    state->parts.push_back(plan_copy(in, 0, part));
    state->offsets.push_back(offset * static_cast<int64_t>(dtype_size(out.dtype)));
    offset += in.shape[axis] * out.strides[axis];
  }
  return {state};
}

}  // namespace

void register_reference_concat(KernelTable& table) {
  table.add(infallible_kernel(
      "concat",
      [](const KernelArgs& args) {
        const ConcatState& state = args.state_as<ConcatState>();
        for (size_t i = 0; i < state.parts.size(); ++i)
          run_copy_plan(state.parts[i], args.inputs[i].data, args.outputs[0].as<char>() + state.offsets[i]);
      },
      prepare_concat));
}

}  // namespace miai::kernels
