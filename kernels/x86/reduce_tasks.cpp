#include "kernels/x86/reduce_tasks.h"

namespace miai::kernels {
namespace {

constexpr int64_t kPieceElements = 32 * 1024, kMostPieces = 64;

/// Blocks of about the same width, made of whole groups of columns.
int64_t block_width(int64_t width, int64_t most) {
  const int64_t blocks = std::max<int64_t>((width + most - 1) / most, 1);
  const int64_t each = (width + blocks - 1) / blocks;
  return std::max<int64_t>((each + kReduceColumns - 1) / kReduceColumns, 1) * kReduceColumns;
}

}  // namespace

std::optional<ReduceTasks> make_reduce_tasks(const TensorMeta& input, const std::optional<Ints>& axis,
                                             int64_t most_columns) {
  ReduceTasks tasks{make_reduce_plan(input, axis)};
  const ReducePlan& nest = tasks.nest;
  tasks.by_rows = nest.reduced_strides.back() == 1 || nest.count == 1;
  if (!tasks.by_rows && nest.kept_strides.back() != 1) return std::nullopt;
  if (nest.count == 1 && nest.kept_strides.back() == 1) tasks.by_rows = false;
  if (!tasks.by_rows) tasks.block = block_width(nest.kept.back(), most_columns);
  const int64_t columns = tasks.by_rows ? 1 : std::clamp<int64_t>(nest.kept.back(), 1, tasks.block);
  const int64_t count = std::max<int64_t>(nest.outputs / columns, 1);
  if (count < kMostPieces)
    tasks.pieces = std::clamp<int64_t>(nest.count * columns / kPieceElements, 1, kMostPieces);
  tasks.piece_size = (nest.count + tasks.pieces - 1) / tasks.pieces;
  return tasks;
}

}  // namespace miai::kernels
