// Fast copies for the operators that only rearrange: merged axes, memcpy rows, blocked transposes.
#include "kernels/common/copy_plan.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/views.h"

namespace miai::kernels {
namespace {

/// The copy over the output's shape, or for a reshape that is no view over the input's.
std::optional<CopyPlan> plan_of(ViewRule rule, const KernelSignature& s) {
  const TensorMeta &in = s.inputs[0], &out = s.outputs[0];
  if (auto view = rule(in, s.attrs, out.shape)) return plan_copy(apply_view(in, *view), view->offset, out);
  if (auto view = reshape_view(out, {}, in.shape)) return plan_copy(in, 0, apply_view(out, *view));
  return std::nullopt;
}

}  // namespace

void register_x86_copy(KernelTable& table) {
  for (const NamedViewRule& named : copying_ops()) {
    Kernel kernel;
    kernel.op = named.op;
    kernel.name = "x86/" + kernel.op;
    kernel.supports = [rule = named.rule](const KernelSignature& s) {
      return plan_of(rule, s)
                 ? Support::yes()
                 : Support::no("neither the input nor the output can be read in the other's shape");
    };
    kernel.prepare = [rule = named.rule](const KernelSignature& s) {
      return Prepared{std::make_shared<CopyPlan>(*plan_of(rule, s))};
    };
    kernel.run = [](const KernelArgs& args) {
      run_copy_plan(args.state_as<CopyPlan>(), args.inputs[0].data, args.outputs[0].data);
    };
    kernel.cannot_fail = true;
    table.add(std::move(kernel));
  }
}

}  // namespace miai::kernels
