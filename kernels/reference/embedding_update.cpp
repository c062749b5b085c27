// Makes the gradient of embedding in the workspace, then runs the program that reads it.
#include "kernels/common/embedding_update.h"
#include "kernels/reference/embedding.h"
#include "kernels/reference/pointwise.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

struct State {
  pointwise::Loop loop;
  TensorMeta gradient;
  size_t gradient_at = 0, program_at = 0;  // bytes of the workspace; the rows come first
};

Prepared prepare(const KernelSignature& s) {
  State state;
  std::vector<TensorMeta> operands = program_operands(s);
  state.loop = pointwise::make_loop(s.outputs, operands);
  state.gradient = operands[0];
  state.gradient_at = static_cast<size_t>(s.inputs[1].size()) * sizeof(int64_t);
  state.program_at = (state.gradient_at + byte_size(state.gradient) + 7) / 8 * 8;
  size_t bytes = state.program_at + program_workspace(s.attrs.as<EmbeddingUpdateAttrs>().program);
  return {std::make_shared<const State>(std::move(state)), bytes};
}

void run(const KernelArgs& args) {
  const auto& state = args.state_as<State>();
  const auto& attrs = args.attrs_as<EmbeddingUpdateAttrs>();
  check_rows(args);
  auto* workspace = static_cast<char*>(args.workspace);
  TensorView gradient{state.gradient, workspace + state.gradient_at};
  sum_into_rows(args.inputs[0], args.inputs[1].shape, static_cast<const int64_t*>(args.workspace),
                padding_row(attrs.padding_idx, gradient.shape[0]), gradient);
  auto input = [&](int i) -> const TensorView& {
    return i == 0 ? gradient : args.inputs[static_cast<size_t>(i) + 1];
  };
  run_elements(attrs.program, state.loop, input, args.outputs, workspace + state.program_at);
}

}  // namespace

void register_reference_embedding_update(KernelTable& table) {
  Kernel kernel = reference_kernel("embedding_update", run, prepare);
  kernel.check = check_rows;
  table.add(std::move(kernel));
}

}  // namespace miai::kernels
