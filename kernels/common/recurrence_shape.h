// Sizes of a recurrence and the order of its steps.
#pragma once
#include "kernels/common/attrs/recurrence.h"
#include "kernels/common/tensor_view.h"

namespace miai {

/// Inputs of recurrence and recurrence_backward.
namespace recurrence_input {
enum Forward { kProjection, kWeight, kBias, kFirstH, kFirstC };
enum Backward { kGradOut, kOut, kSaved, kGradWeight, kGradFirstH, kGradFirstC, kGradLastH, kGradLastC };
}  // namespace recurrence_input

struct RecurrenceShape {
  const RecurrentCell& cell;
  int64_t steps, batch, hidden;
  int time_axis, batch_axis;
  bool reverse;

  /// Of a sequence of this recurrence and the weight of its recurrent part.
  RecurrenceShape(const RecurrenceAttrs& attrs, const Shape& sequence, const Shape& weight)
      : cell(*find_recurrent_cell(attrs.cell)),
        steps(sequence[attrs.batch_first]),
        batch(sequence[!attrs.batch_first]),
        hidden(weight[1]),
        time_axis(attrs.batch_first),
        batch_axis(!attrs.batch_first),
        reverse(attrs.reverse) {}

  /// Where on the time axis step s reads and writes.
  int64_t time(int64_t step) const { return reverse ? steps - 1 - step : step; }
  int64_t gate_values() const { return cell.gates * hidden; }
};

/// The rows of a sequence or, for states, of a (batch, hidden) tensor.
struct RecurrenceRows {
  int64_t time = 0, batch = 0, feature = 0;  // strides
  RecurrenceRows(const RecurrenceShape& shape, const TensorMeta& meta)
      : batch(meta.strides[meta.rank() == 3 ? shape.batch_axis : 0]), feature(meta.strides.back()) {
    if (meta.rank() == 3) time = meta.strides[shape.time_axis];
  }
};

}  // namespace miai
