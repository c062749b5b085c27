// sum, mean, max and min of float32 where the innermost kept or reduced axis has no gaps. Long reductions are
// cut into pieces whose number depends on the shape alone, so the threads change no bit.
#include "kernels/x86/reduce.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/reduce_plan.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {
namespace {

constexpr int64_t kGrain = 32 * 1024;  // elements that are worth a thread
constexpr int64_t kMostPieces = 64;

struct Plan {
  ReducePlan nest;
  bool by_rows = true;     // the innermost reduced axis has stride 1; else the innermost kept one
  int64_t pieces = 1;      // of every reduction
  int64_t piece_size = 0;  // elements of a reduction
};

const ReduceLoops& loops() {
  return choose_isa(baseline::reduce_loops, avx2::reduce_loops, avx512::reduce_loops);
}

std::optional<Plan> make_plan(const KernelSignature& s) {
  Plan plan{make_reduce_plan(s.inputs[0], s.attrs.as<ReduceAttrs>().axis)};
  const ReducePlan& nest = plan.nest;
  plan.by_rows = nest.reduced_strides.back() == 1 || nest.count == 1;
  if (!plan.by_rows && nest.kept_strides.back() != 1) return std::nullopt;
  if (nest.count == 1 && nest.kept_strides.back() == 1) plan.by_rows = false;
  int64_t columns = plan.by_rows ? 1 : std::clamp<int64_t>(nest.kept.back(), 1, kReduceColumns);
  int64_t tasks = std::max<int64_t>(nest.outputs / columns, 1), work = nest.count * columns;
  if (tasks < kMostPieces) plan.pieces = std::clamp<int64_t>(work / kGrain, 1, kMostPieces);
  plan.piece_size = (nest.count + plan.pieces - 1) / plan.pieces;
  return plan;
}

Support supports(const KernelSignature& s) {
  if (s.inputs[0].dtype != DType::kFloat32)
    return Support::no("dtype " + std::string(dtype_name(s.inputs[0].dtype)) + ": made for float32");
  if (!s.outputs[0].is_dense()) return Support::no("the output is not dense");
  return make_plan(s) ? Support::yes() : Support::no("neither a kept nor a reduced axis has stride 1");
}

Prepared prepare(const KernelSignature& s) {
  Plan plan = *make_plan(s);
  size_t partial =
      plan.pieces > 1 ? sizeof(double) * static_cast<size_t>(plan.pieces * plan.nest.outputs) : 0;
  return {std::make_shared<const Plan>(plan), partial};
}

struct Sum {
  static constexpr double kStart = 0;
  static double row(const float* x, int64_t n, double total) { return loops().sum(x, n, total); }
  static ReduceLoops::Columns columns() { return loops().column_sum; }
  static double join(double a, double b) { return a + b; }
  static double end(double total, int64_t) { return total; }
};
struct Mean : Sum {
  static double end(double total, int64_t count) { return total / static_cast<double>(count); }
};
struct Max {
  static constexpr double kStart = -HUGE_VAL;
  static double row(const float* x, int64_t n, double total) { return loops().max(x, n, total); }
  static ReduceLoops::Columns columns() { return loops().column_max; }
  static double join(double a, double b) { return b > a || b != b ? b : a; }
  static double end(double total, int64_t) { return total; }
};
struct Min {
  static constexpr double kStart = HUGE_VAL;
  static double row(const float* x, int64_t n, double total) { return loops().min(x, n, total); }
  static ReduceLoops::Columns columns() { return loops().column_min; }
  static double join(double a, double b) { return b < a || b != b ? b : a; }
  static double end(double total, int64_t) { return total; }
};

/// Calls visit(offset, length) for the stretches [begin, end) of the reduced elements along the last axis.
template <class F>
void for_each_run(const ReducePlan& nest, int64_t begin, int64_t end, F&& visit) {
  int64_t length = nest.reduced.back();
  while (begin < end) {
    int64_t count = std::min(end - begin, length - begin % length);
    visit(nest_offset(nest.reduced, nest.reduced_strides, begin), count);
    begin += count;
  }
}

/// Folds the reduced elements [begin, end) for outputs [first, first + columns), which begin at x.
template <class Op>
void fold(const Plan& plan, const float* x, int64_t begin, int64_t end, int columns, double* totals) {
  std::fill_n(totals, columns, Op::kStart);
  int64_t stride = plan.nest.reduced_strides.back();
  for_each_run(plan.nest, begin, end, [&](int64_t offset, int64_t count) {
    if (plan.by_rows)
      totals[0] = Op::row(x + offset, count, totals[0]);
    else
      Op::columns()(x + offset, count, stride, columns, totals);
  });
}

template <class Op>
void run(const KernelArgs& args) {
  const Plan& plan = args.state_as<Plan>();
  const ReducePlan& nest = plan.nest;
  const float* x = args.inputs[0].as<float>();
  float* out = args.outputs[0].as<float>();
  auto* partial = static_cast<double*>(args.workspace);
  int64_t width = plan.by_rows ? 1 : nest.kept.back();
  int64_t blocks = (width + kReduceColumns - 1) / kReduceColumns;
  int64_t block_size = plan.by_rows ? 1 : kReduceColumns;
  int64_t tasks = nest.outputs / std::max<int64_t>(width, 1) * blocks * plan.pieces;
  int64_t work = plan.piece_size * std::min(width, block_size);
  auto task = [&](int64_t t) {
    int64_t piece = t % plan.pieces, block = t / plan.pieces % blocks, outer = t / plan.pieces / blocks;
    int64_t first = outer * width + block * block_size;
    int columns = static_cast<int>(std::min(block_size, width - block * block_size));
    int64_t begin = piece * plan.piece_size, end = std::min(begin + plan.piece_size, nest.count);
    double totals[kReduceColumns];
    fold<Op>(plan, x + nest_offset(nest.kept, nest.kept_strides, first), begin, end, columns, totals);
    for (int j = 0; j < columns; ++j) {
      if (plan.pieces > 1)
        partial[piece * nest.outputs + first + j] = totals[j];
      else
        out[first + j] = static_cast<float>(Op::end(totals[j], nest.count));
    }
  };
  parallel_for(0, tasks, kGrain / std::max<int64_t>(work, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) task(t);
  });
  if (plan.pieces == 1) return;
  for (int64_t o = 0; o < nest.outputs; ++o) {
    double total = Op::kStart;
    for (int64_t p = 0; p < plan.pieces; ++p) total = Op::join(total, partial[p * nest.outputs + o]);
    out[o] = static_cast<float>(Op::end(total, nest.count));
  }
}

void add(KernelTable& table, const std::string& op, void (*run)(const KernelArgs&)) {
  table.add({.op = op,
             .name = "x86/" + op,
             .supports = supports,
             .prepare = prepare,
             .run = run,
             .cannot_fail = true,
             .preference = 10,
             .channels_last = ChannelsLast{.inputs = {0}}});
}

}  // namespace

void register_x86_reduce(KernelTable& table) {
  add(table, "sum", run<Sum>);
  add(table, "mean", run<Mean>);
  add(table, "max", run<Max>);
  add(table, "min", run<Min>);
}

}  // namespace miai::kernels
