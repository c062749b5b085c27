#include "graph/ops/recurrent_layer.h"

namespace miai::ops {
namespace {

constexpr const RecurrentCell& kCell = kRecurrentCells[RecurrentCell::kLstm];

RecurrenceAttrs recurrence_of(const Attrs& attrs) {
  const auto& a = attrs.as<RecurrentLayerAttrs>();
  return {"lstm", a.batch_first, a.reverse};
}

constexpr const char* kFormula = R"(A layer of long short-term memory (Hochreiter and Schmidhuber, 1997).

At each step ``i, f, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh)``, ``g = tanh(...)`` of the same form,
``c = f * c + i * g`` and ``h = o * tanh(c)``; gates in the order i, f, g, o and parameters as in PyTorch's LSTM.
)";

}  // namespace

void define_lstm(OpTable& table) {
  table.add(recurrent_layer_op("lstm", kFormula, attrs_type<RecurrentLayerAttrs>(), kCell, recurrence_of));
}
void define_lstm_grad(GradTable& grads) { grads.add("lstm", recurrent_layer_grad(recurrence_of)); }
void define_lstm_samples(SampleTable& samples) { recurrent_layer_samples(samples, "lstm", kCell); }

}  // namespace miai::ops
