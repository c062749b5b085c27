// Reduces what a pointwise program makes, one element at a time, in double.
#include "kernels/common/attrs/pointwise_reduce.h"
#include "kernels/common/reduce_plan.h"
#include "kernels/reference/program_element.h"
#include "kernels/reference/reduce_steps.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

struct State {
  pointwise::Loop loop;  // of the value that the program makes, and its inputs
  ReducePlan plan;       // of the value
};

Prepared prepare(const KernelSignature& s) {
  const auto& attrs = s.attrs.as<PointwiseReduceAttrs>();
  const TensorMeta value = dense_meta(s.outputs[0].dtype, pointwise::broadcast_shape(s.inputs));
  State state{pointwise::make_loop({&value, 1}, s.inputs), make_reduce_plan(value, attrs.axis)};
  return {std::make_shared<const State>(std::move(state)), attrs.program.code.size() * sizeof(RegisterBytes)};
}

template <class Steps>
void reduce(const KernelArgs& args) {
  const State& state = args.state_as<State>();
  const pointwise::Program& program = args.attrs_as<PointwiseReduceAttrs>().program;
  const ReducePlan& plan = state.plan;
  const DType dtype = program.code[program.outputs[0]].dtype;
  std::span<RegisterBytes> registers(static_cast<RegisterBytes*>(args.workspace), program.code.size());
  std::ranges::fill(registers, RegisterBytes{});
  auto input = [&](int i) -> const TensorView& { return args.inputs[static_cast<size_t>(i)]; };
  for (int64_t o = 0; o < plan.outputs; ++o) {
    const int64_t base = nest_offset(plan.kept, plan.kept_strides, o);
    double total = Steps::template start<double>();
    for (int64_t i = 0; i < plan.count; ++i) {
      pointwise::RunWalker walker(state.loop, base + nest_offset(plan.reduced, plan.reduced_strides, i));
      walker.take(1);
      run_program(program, input, 1, walker, registers);
      double element;
      convert_element(registers[program.outputs[0]].bytes, dtype, &element, DType::kFloat64);
      total = Steps::step(total, element);
    }
    const double result = Steps::end(total, plan.count);
    convert_element(&result, DType::kFloat64, args.outputs[0].as<char>() + o * dtype_size(dtype), dtype);
  }
}

void run(const KernelArgs& args) {
  const std::string& reduction = args.attrs_as<PointwiseReduceAttrs>().reduction;
  if (reduction == "sum") return reduce<SumSteps>(args);
  if (reduction == "mean") return reduce<MeanSteps>(args);
  return reduction == "max" ? reduce<MaxSteps>(args) : reduce<MinSteps>(args);
}

}  // namespace

void register_reference_pointwise_reduce(KernelTable& table) {
  table.add(infallible_kernel("pointwise_reduce", run, prepare));
}

}  // namespace miai::kernels
