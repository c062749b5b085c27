// The gradient of a recurrence, which gru, lstm and rnn use as well.
#pragma once
#include "graph/ops/tables.h"
#include "kernels/common/attrs/recurrence.h"

namespace miai::ops {

/// Gradients of a recurrence.
struct RecurrenceGradient {
  Var projection, weight, bias, h0, c0;
};
struct RecurrenceUse {  // its attributes and values; h0 and c0 may be absent
  RecurrenceAttrs attrs;
  Var weight, h0, c0, out, saved;
};
struct LastGradients {  // of its outputs; each may be absent
  Var out, h, c;
};
RecurrenceGradient recurrence_gradient(const RecurrenceUse& use, const LastGradients& grads,
                                       bool needs_weight, bool needs_bias);

}  // namespace miai::ops
