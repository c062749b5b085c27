#include "graph/ops/recurrent_layer.h"

namespace miai::ops {
namespace {

constexpr const RecurrentCell& kCell = kRecurrentCells[RecurrentCell::kGru];

RecurrenceAttrs recurrence_of(const Attrs& attrs) {
  const auto& a = attrs.as<RecurrentLayerAttrs>();
  return {"gru", a.batch_first, a.reverse};
}

constexpr const char* kFormula = R"(A layer of gated recurrent units over a sequence (Cho et al., 2014).

At each step ``r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh)``, ``n = tanh(W_in x + b_in + r * (W_hn h + b_hn))``
and ``h = (1 - z) * n + z * h``; gates in the order r, z, n and parameters as in PyTorch's GRU.
)";

}  // namespace

void define_gru(OpTable& table) {
  table.add(recurrent_layer_op("gru", kFormula, attrs_type<RecurrentLayerAttrs>(), kCell, recurrence_of));
}
void define_gru_grad(GradTable& grads) { grads.add("gru", recurrent_layer_grad(recurrence_of)); }
void define_gru_samples(SampleTable& samples) { recurrent_layer_samples(samples, "gru", kCell); }

}  // namespace miai::ops
