// sum, mean, prod, max, min, argmax and argmin of any dtype and strides, one output element at a time.
#include "kernels/common/parallel.h"
#include "kernels/common/reduce_plan.h"
#include "kernels/reference/reduce_steps.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

/// Calls f(offset of each output's first input element, output index).
template <class F>
void each_output(const ReducePlan& plan, F&& f) {
  const int64_t grain = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(plan.count, 1));
  parallel_for(0, plan.outputs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) f(nest_offset(plan.kept, plan.kept_strides, o), o);
  });
}

/// Calls f(i, offset of the output's input element i); one reduced dimension needs no division.
template <class F>
void each_reduced(const ReducePlan& plan, F&& f) {
  if (plan.reduced.size() == 1) {
    for (int64_t i = 0; i < plan.count; ++i) f(i, i * plan.reduced_strides[0]);
  } else {
    for (int64_t i = 0; i < plan.count; ++i) f(i, nest_offset(plan.reduced, plan.reduced_strides, i));
  }
}

template <class Op, class T, class R>
void reduce(const ReducePlan& plan, const T* in, R* out) {
  each_output(plan, [&](int64_t base, int64_t o) {
    Wide<T> a = Op::template start<Wide<T>>();
    each_reduced(plan, [&](int64_t, int64_t offset) { a = Op::step(a, widen(in[base + offset])); });
    out[o] = narrow<R>(Op::end(a, plan.count));
  });
}

template <bool Largest, class T>
void arg_reduce(const ReducePlan& plan, const T* in, int64_t* out) {
  each_output(plan, [&](int64_t base, int64_t o) {
    int64_t best = 0;
    Wide<T> best_value = widen(in[base]);
    each_reduced(plan, [&](int64_t i, int64_t offset) {
      const Wide<T> x = widen(in[base + offset]);
      const bool wins = is_nan(x) || (Largest ? x > best_value : x < best_value);
      if (!wins || is_nan(best_value)) return;
      best = i;
      best_value = x;
    });
    out[o] = best;
  });
}

Prepared prepare(const KernelSignature& s) {
  return {std::make_shared<const ReducePlan>(make_reduce_plan(s.inputs[0], s.attrs.as<ReduceAttrs>().axis)),
          0};
}

template <class Op>
void run(const KernelArgs& args) {
  const auto& plan = args.state_as<ReducePlan>();
  visit_dtype(args.inputs[0].dtype, [&]<class T>() {
    visit_dtype(args.outputs[0].dtype,
                [&]<class R>() { reduce<Op>(plan, args.inputs[0].as<const T>(), args.outputs[0].as<R>()); });
  });
}

template <bool Largest>
void run_arg(const KernelArgs& args) {
  visit_dtype(args.inputs[0].dtype, [&]<class T>() {
    arg_reduce<Largest>(args.state_as<ReducePlan>(), args.inputs[0].as<const T>(),
                        args.outputs[0].as<int64_t>());
  });
}

}  // namespace

void register_reference_reduce(KernelTable& table) {
  table.add(reference_kernel("sum", run<SumSteps>, prepare));
  table.add(reference_kernel("mean", run<MeanSteps>, prepare));
  table.add(reference_kernel("prod", run<ProdSteps>, prepare));
  table.add(reference_kernel("max", run<MaxSteps>, prepare));
  table.add(reference_kernel("min", run<MinSteps>, prepare));
  table.add(reference_kernel("argmax", run_arg<true>, prepare));
  table.add(reference_kernel("argmin", run_arg<false>, prepare));
}

}  // namespace miai::kernels
