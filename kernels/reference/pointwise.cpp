// Runs pointwise programs one element at a time.
#include "kernels/reference/pointwise.h"

#include <algorithm>

#include "kernels/common/attrs/pointwise.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using pointwise::Program;

void store_outputs(const Program& program, std::span<const TensorView> outputs,
                   const pointwise::RunWalker& walker, std::span<const RegisterBytes> registers) {
  for (size_t k = 0; k < outputs.size(); ++k) {
    const TensorView& view = outputs[k];
    char* at = view.as<char>() + walker.offset(k) * static_cast<int64_t>(dtype_size(view.dtype));
    convert_element(registers[program.outputs[k]].bytes, program.code[program.outputs[k]].dtype, at,
                    view.dtype);
  }
}

struct State {
  pointwise::Loop loop;
};

Prepared prepare(const KernelSignature& s) {
  return {std::make_shared<const State>(State{pointwise::make_loop(s.outputs, s.inputs)}),
          program_workspace(s.attrs.as<PointwiseAttrs>().program)};
}

void run(const KernelArgs& args) {
  auto input = [&](int i) -> const TensorView& { return args.inputs[static_cast<size_t>(i)]; };
  run_elements(args.attrs_as<PointwiseAttrs>().program, args.state_as<State>().loop, input, args.outputs,
               args.workspace);
}

}  // namespace

size_t program_workspace(const Program& program) { return program.code.size() * sizeof(RegisterBytes); }

void run_elements(const Program& program, const pointwise::Loop& loop, ProgramInputs inputs,
                  std::span<const TensorView> outputs, void* workspace) {
  std::span<RegisterBytes> registers(static_cast<RegisterBytes*>(workspace), program.code.size());
  std::ranges::fill(registers, RegisterBytes{});
  for (int64_t i = 0; i < loop.size; ++i) {
    pointwise::RunWalker walker(loop, i);
    walker.take(1);
    run_program(program, inputs, outputs.size(), walker, registers);
    store_outputs(program, outputs, walker, registers);
  }
}

void register_reference_pointwise(KernelTable& table) {
  table.add(infallible_kernel("pointwise", run, prepare));
}

}  // namespace miai::kernels
