// Reduces what a pointwise program makes, a window of elements at a time, while they are in the first-level
// cache.
#include <array>

#include "kernels/common/attrs/pointwise_reduce.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/reduce_tasks.h"
#include "kernels/x86/tile_runner.h"

namespace miai::kernels {
namespace {

constexpr int64_t kWindow = 8192;  // elements; whole blocks of the loops, which sum in parts

struct State {
  TensorMeta value;  // what the program makes, if it lay in memory
  TileProgram program;
  ReduceTasks tasks;
};

const PointwiseReduceAttrs& attrs_of(const KernelSignature& s) { return s.attrs.as<PointwiseReduceAttrs>(); }

DType dtype_of(const pointwise::Program& program) { return program.code[program.outputs[0]].dtype; }

/// The program's value in the order in which its inputs lie, if it can be reduced in this order.
std::pair<TensorMeta, ReduceTasks> plan(const KernelSignature& s) {
  const auto& attrs = attrs_of(s);
  const Shape shape = pointwise::broadcast_shape(s.inputs);
  auto lies_last = [&](const TensorMeta& input) {
    return input.shape == shape && input.is_channels_last() && !input.is_dense();
  };
  if (std::any_of(s.inputs.begin(), s.inputs.end(), lies_last)) {
    const TensorMeta value = channels_last_meta(dtype_of(attrs.program), shape);
    if (auto tasks = make_reduce_tasks(value, attrs.axis, kMostColumns)) return {value, *tasks};
  }
  const TensorMeta value = dense_meta(dtype_of(attrs.program), shape);
  return {value, *make_reduce_tasks(value, attrs.axis, kMostColumns)};
}

Support supports(const KernelSignature& s) {
  if (Support can = supports_dtype(dtype_of(attrs_of(s).program), {DType::kFloat32, DType::kFloat64});
      !can.ok)
    return can;
  if (!s.outputs[0].is_dense()) return Support::no("the output is not dense");
  const TensorMeta value = plan(s).first;
  return supports_tiles(attrs_of(s).program, {{&value, 1}, s.inputs});
}

Prepared prepare(const KernelSignature& s) {
  auto [value, tasks] = plan(s);
  TileProgram program = make_tile_program(attrs_of(s).program, {{&value, 1}, s.inputs});
  return {std::make_shared<const State>(State{value, std::move(program), tasks}), tasks.workspace_bytes()};
}

/// Whether one reduction's elements follow those of the one before.
bool rows_follow(const ReducePlan& nest) {
  return nest.reduced.size() == 1 && nest.kept.size() == 1 && nest.kept_strides[0] == nest.count;
}

/// Elements that the program makes when they are asked for.
template <class T>
class Made {
 public:
  Made(const State& state, const KernelArgs& args)
      : value_{state.value, window_.data()},
        runner_(state.program, args.inputs, {&value_, 1}, args.context),
        ahead_(rows_follow(state.tasks.nest) && state.tasks.nest.count <= kWindow) {}
  Made(const Made&) = delete;

  double row(const FoldLoops<T>& loops, int64_t at, int64_t n, double total) {
    for (int64_t i = 0; i < n; i += kWindow) {
      const int64_t count = std::min(kWindow, n - i);
      total = loops.row(elements(at + i, count), count, total);
    }
    return total;
  }
  void columns(const FoldLoops<T>& loops, int64_t at, int64_t rows, int64_t stride, int columns,
               double* totals) {
    const int64_t most = kWindow / columns;
    for (int64_t r = 0; r < rows; r += most) {
      const int64_t count = std::min(most, rows - r);
      make_rows(at + r * stride, count, stride, columns);
      for (int j = 0; j < columns; j += kReduceColumns)
        loops.columns(window_.data() + j, count, columns, std::min(kReduceColumns, columns - j), totals + j);
    }
  }

 private:
  /// Short rows are made together with those that follow.
  const T* elements(int64_t at, int64_t count) {
    if (at < begin_ || at + count > end_) {
      begin_ = at;
      end_ = ahead_ ? std::min(at + kWindow / count * count, value_.size()) : at + count;
      runner_.run(begin_, end_, begin_);
    }
    return window_.data() + (at - begin_);
  }
  void make_rows(int64_t at, int64_t rows, int64_t stride, int columns) {
    if (stride == columns) return runner_.run(at, at + rows * columns, at);
    for (int64_t r = 0; r < rows; ++r)
      runner_.run(at + r * stride, at + r * stride + columns, at + r * (stride - columns));
  }

  alignas(64) std::array<T, kWindow> window_;
  TensorView value_;
  TileRunner runner_;
  bool ahead_;
  int64_t begin_ = 0, end_ = 0;  // of the elements in the window
};

template <class Fold, class T>
void run_of(const KernelArgs& args) {
  const State& state = args.state_as<State>();
  run_reduce<Fold>(state.tasks, args.outputs[0].as<T>(), args.workspace,
                   [&] { return Made<T>(state, args); });
}

void run(const KernelArgs& args) {
  visit_fold(args.attrs_as<PointwiseReduceAttrs>().reduction, [&]<class Fold>() {
    args.outputs[0].dtype == DType::kFloat32 ? run_of<Fold, float>(args) : run_of<Fold, double>(args);
  });
}

}  // namespace

void register_x86_pointwise_reduce(KernelTable& table) {
  table.add({.op = "pointwise_reduce",
             .name = "x86/pointwise_reduce",
             .supports = supports,
             .prepare = prepare,
             .run = run,
             .cannot_fail = true,
             .channels_last = ChannelsLast{.every = true}});
}

}  // namespace miai::kernels
