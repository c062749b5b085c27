#include "graph/ops/recurrent_layer.h"

namespace miai::ops {
namespace {

RecurrenceAttrs recurrence_of(const Attrs& attrs) {
  const auto& a = attrs.as<RecurrentLayerAttrs>();
  return {"gru", a.batch_first, a.reverse};
}

constexpr const char* kDoc = R"(A layer of gated recurrent units over a sequence (Cho et al., 2014).

At each step ``r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh)``, ``n = tanh(W_in x + b_in + r * (W_hn h + b_hn))``
and ``h = (1 - z) * n + z * h``; gates and parameters as in PyTorch's GRU. The module GRU has several layers
and directions.

Args:
    inp: shape (time, batch, in), or (batch, time, in) with batch_first; floating dtype, of all tensors.
    weight_ih: shape (3 * hidden, in), for r, z and n.
    weight_hh: shape (3 * hidden, hidden).
    bias_ih: shape (3 * hidden,), optional, as bias_hh is.
    h0: shape (batch, hidden), optional: zeros.

Returns:
    (out, h_n): all states, as ``inp`` lies, and the last one, (batch, hidden).

Raises:
    ValueError: sizes that differ, no step. TypeError: integers. NotImplementedError: second-order gradients.

Example:
    >>> import miai.functional as F
    >>> out, h = F.gru(F.ones((5, 2, 3)), F.ones((12, 3)), F.ones((12, 4)))
    >>> out.shape, h.shape
    ((5, 2, 4), (2, 4))
)";

}  // namespace

void define_gru(OpTable& table) {
  table.add(recurrent_layer_op("gru", kDoc, attrs_type<RecurrentLayerAttrs>(), 1, recurrence_of));
}
void define_gru_grad(GradTable& grads) { grads.add("gru", recurrent_layer_grad(recurrence_of)); }
void define_gru_samples(SampleTable& samples) { recurrent_layer_samples(samples, "gru", 3, 1); }

}  // namespace miai::ops
