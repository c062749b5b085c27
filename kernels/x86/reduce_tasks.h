// How a reduction is cut into tasks, and how they run wherever its elements come from: memory, or a program
// that makes them. The cut depends on shapes alone, so the number of threads changes no bit.
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "kernels/common/parallel.h"
#include "kernels/common/reduce_plan.h"
#include "kernels/x86/reduce.h"

namespace miai::kernels {

struct ReduceTasks {
  ReducePlan nest;
  bool by_rows = true;     // the innermost reduced axis has stride 1; else the innermost kept one
  int64_t block = 1;       // columns of a task, at most
  int64_t pieces = 1;      // of every reduction
  int64_t piece_size = 0;  // elements of a reduction

  int64_t width() const { return by_rows ? 1 : nest.kept.back(); }  // columns side by side
  int64_t blocks() const { return (width() + block - 1) / block; }
  int64_t count() const { return nest.outputs / std::max<int64_t>(width(), 1) * blocks() * pieces; }
  size_t workspace_bytes() const {
    return pieces > 1 ? sizeof(double) * static_cast<size_t>(pieces * nest.outputs) : 0;
  }
};

inline constexpr int64_t kMostColumns = 1024;  // of a block

/// nullopt: neither a kept nor a reduced axis has stride 1. Blocks have at most so many columns.
std::optional<ReduceTasks> make_reduce_tasks(const TensorMeta& input, const std::optional<Ints>& axis,
                                             int64_t most_columns);

struct SumFold {
  static constexpr double kStart = 0;
  template <class T>
  static const FoldLoops<T>& loops() {
    return reduce_loops<T>().sum;
  }
  static double join(double a, double b) { return a + b; }
  static double end(double total, int64_t) { return total; }
};
struct MeanFold : SumFold {
  static double end(double total, int64_t count) { return total / static_cast<double>(count); }
};
struct MaxFold {
  static constexpr double kStart = -HUGE_VAL;
  template <class T>
  static const FoldLoops<T>& loops() {
    return reduce_loops<T>().max;
  }
  static double join(double a, double b) { return b > a || b != b ? b : a; }
  static double end(double total, int64_t) { return total; }
};
struct MinFold {
  static constexpr double kStart = HUGE_VAL;
  template <class T>
  static const FoldLoops<T>& loops() {
    return reduce_loops<T>().min;
  }
  static double join(double a, double b) { return b < a || b != b ? b : a; }
  static double end(double total, int64_t) { return total; }
};

/// Calls f.operator()<Fold>() with what folds this operator's elements.
template <class F>
auto visit_fold(std::string_view reduction, F&& f) {
  if (reduction == "sum") return f.template operator()<SumFold>();
  if (reduction == "mean") return f.template operator()<MeanFold>();
  if (reduction == "max") return f.template operator()<MaxFold>();
  return f.template operator()<MinFold>();
}

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

/// Which elements a task folds: [begin, end) of the reductions to outputs [first, first + columns).
struct ReduceTask {
  int64_t piece, first, begin, end;
  int columns;
};

inline ReduceTask task_at(const ReduceTasks& tasks, int64_t t) {
  const int64_t width = tasks.width(), blocks = tasks.blocks();
  const int64_t piece = t % tasks.pieces, column = t / tasks.pieces % blocks * tasks.block;
  const int64_t begin = piece * tasks.piece_size;
  return {piece, t / tasks.pieces / blocks * width + column, begin,
          std::min(begin + tasks.piece_size, tasks.nest.count),
          static_cast<int>(std::min(tasks.block, width - column))};
}

/// Each thread makes a source: row(loops, at, n, total) and columns(loops, at, rows, stride, columns, totals)
/// fold elements by their offset, as FoldLoops do by their address.
template <class Fold, class T, class MakeSource>
void run_reduce(const ReduceTasks& tasks, T* out, void* workspace, MakeSource&& make_source) {
  constexpr int64_t kGrain = 32 * 1024;  // elements that are worth a thread
  const ReducePlan& nest = tasks.nest;
  const FoldLoops<T>& loops = Fold::template loops<T>();
  auto* partial = static_cast<double*>(workspace);
  auto run = [&](auto& source, const ReduceTask& task) {
    double totals[kMostColumns];
    std::fill_n(totals, task.columns, Fold::kStart);
    const int64_t base = nest_offset(nest.kept, nest.kept_strides, task.first);
    for_each_run(nest, task.begin, task.end, [&](int64_t offset, int64_t count) {
      if (tasks.by_rows)
        totals[0] = source.row(loops, base + offset, count, totals[0]);
      else
        source.columns(loops, base + offset, count, nest.reduced_strides.back(), task.columns, totals);
    });
    for (int j = 0; j < task.columns; ++j) {
      if (tasks.pieces > 1)
        partial[task.piece * nest.outputs + task.first + j] = totals[j];
      else
        out[task.first + j] = static_cast<T>(Fold::end(totals[j], nest.count));
    }
  };
  const int64_t work = std::max<int64_t>(tasks.piece_size * std::min(tasks.width(), tasks.block), 1);
  parallel_for(0, tasks.count(), kGrain / work + 1, [&](int64_t begin, int64_t end) {
    auto source = make_source();
    for (int64_t t = begin; t < end; ++t) run(source, task_at(tasks, t));
  });
  if (tasks.pieces == 1) return;
  for (int64_t o = 0; o < nest.outputs; ++o) {
    double total = Fold::kStart;
    for (int64_t p = 0; p < tasks.pieces; ++p) total = Fold::join(total, partial[p * nest.outputs + o]);
    out[o] = static_cast<T>(Fold::end(total, nest.count));
  }
}

}  // namespace miai::kernels
