// sum, mean, max and min of float32 and float64 where the innermost kept or reduced axis has no gaps.
#include "kernels/common/kernel_table.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/reduce_tasks.h"

namespace miai::kernels {
namespace {

std::optional<ReduceTasks> make_tasks(const KernelSignature& s) {
  return make_reduce_tasks(s.inputs[0], s.attrs.as<ReduceAttrs>().axis, kReduceColumns);
}

Support supports(const KernelSignature& s) {
  if (Support can = supports_dtype(s.inputs[0].dtype, {DType::kFloat32, DType::kFloat64}); !can.ok)
    return can;
  if (!s.outputs[0].is_dense()) return Support::no("the output is not dense");
  return make_tasks(s) ? Support::yes() : Support::no("neither a kept nor a reduced axis has stride 1");
}

Prepared prepare(const KernelSignature& s) {
  auto tasks = std::make_shared<const ReduceTasks>(*make_tasks(s));
  return {tasks, tasks->workspace_bytes()};
}

/// Elements that lie in memory.
template <class T>
struct InMemory {
  const T* x;
  double row(const FoldLoops<T>& loops, int64_t at, int64_t n, double total) const {
    return loops.row(x + at, n, total);
  }
  void columns(const FoldLoops<T>& loops, int64_t at, int64_t rows, int64_t stride, int columns,
               double* totals) const {
    loops.columns(x + at, rows, stride, columns, totals);
  }
};

template <class Fold, class T>
void run_of(const KernelArgs& args) {
  run_reduce<Fold>(args.state_as<ReduceTasks>(), args.outputs[0].as<T>(), args.workspace,
                   [&] { return InMemory<T>{args.inputs[0].as<const T>()}; });
}

template <class Fold>
void run(const KernelArgs& args) {
  return args.inputs[0].dtype == DType::kFloat32 ? run_of<Fold, float>(args) : run_of<Fold, double>(args);
}

}  // namespace

void register_x86_reduce(KernelTable& table) {
  for (const char* op : {"sum", "mean", "max", "min"})
    table.add({.op = op,
               .name = std::string("x86/") + op,
               .supports = supports,
               .prepare = prepare,
               .run = visit_fold(op, []<class Fold>() { return &run<Fold>; }),
               .cannot_fail = true,
               .preference = 10,
               .channels_last = ChannelsLast{.inputs = {0}}});
}

}  // namespace miai::kernels
