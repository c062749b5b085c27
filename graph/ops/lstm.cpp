#include "graph/ops/recurrent_layer.h"

namespace miai::ops {
namespace {

RecurrenceAttrs recurrence_of(const Attrs& attrs) {
  const auto& a = attrs.as<RecurrentLayerAttrs>();
  return {"lstm", a.batch_first, a.reverse};
}

constexpr const char* kDoc =
    R"(A layer of long short-term memory over a sequence (Hochreiter and Schmidhuber, 1997).

At each step ``i, f, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh)``, ``g = tanh(...)`` of the same form,
``c = f * c + i * g`` and ``h = o * tanh(c)``; gates in the order i, f, g, o and parameters as in PyTorch's LSTM.
The module LSTM has several layers and directions.

Args:
    inp: shape (time, batch, in), or (batch, time, in) with batch_first; floating dtype, of all tensors.
    weight_ih: shape (4 * hidden, in).
    weight_hh: shape (4 * hidden, hidden).
    bias_ih: shape (4 * hidden,), optional, as bias_hh is.
    h0: shape (batch, hidden), optional: zeros. As c0.

Returns:
    (out, h_n, c_n): all hidden states, as ``inp`` lies, and the last hidden and cell state, (batch, hidden).

Raises:
    ValueError: sizes that differ, no step. TypeError: integers. NotImplementedError: second-order gradients.

Example:
    >>> import miai.functional as F
    >>> out, h, c = F.lstm(F.ones((5, 2, 3)), F.ones((16, 3)), F.ones((16, 4)))
    >>> out.shape, h.shape, c.shape
    ((5, 2, 4), (2, 4), (2, 4))
)";

}  // namespace

void define_lstm(OpTable& table) {
  table.add(recurrent_layer_op("lstm", kDoc, attrs_type<RecurrentLayerAttrs>(), 2, recurrence_of));
}
void define_lstm_grad(GradTable& grads) { grads.add("lstm", recurrent_layer_grad(recurrence_of)); }
void define_lstm_samples(SampleTable& samples) { recurrent_layer_samples(samples, "lstm", 4, 2); }

}  // namespace miai::ops
