#include "graph/ops/recurrent_layer.h"

namespace miai::ops {
namespace {

struct RnnAttrs {
  std::string nonlinearity = "tanh";
  bool batch_first = false;
  bool reverse = false;
  static auto fields() {
    return std::tuple{field("nonlinearity", &RnnAttrs::nonlinearity, "tanh or relu"),
                      field("batch_first", &RnnAttrs::batch_first,
                            "inp and out are (batch, time, features), else (time, batch, features)"),
                      field("reverse", &RnnAttrs::reverse, "from the last step to the first")};
  }
};

RecurrenceAttrs recurrence_of(const Attrs& attrs) {
  const auto& a = attrs.as<RnnAttrs>();
  return {"rnn_" + a.nonlinearity, a.batch_first, a.reverse};
}

constexpr const char* kDoc = R"(A layer of plain recurrent units over a sequence (Elman, 1990).

At each step ``h = tanh(W_ih x + b_ih + W_hh h + b_hh)``, or with relu in place of tanh. The module RNN has
several layers and directions.

Args:
    inp: shape (time, batch, in), or (batch, time, in) with batch_first; floating dtype, of all tensors.
    weight_ih: shape (hidden, in).
    weight_hh: shape (hidden, hidden).
    bias_ih: shape (hidden,), optional, as bias_hh is.
    h0: shape (batch, hidden), optional: zeros.

Returns:
    (out, h_n): all states, as ``inp`` lies, and the last one, (batch, hidden).

Raises:
    ValueError: sizes that differ, no step. TypeError: integers. NotImplementedError: second-order gradients.

Example:
    >>> import miai.functional as F
    >>> out, h = F.rnn(F.ones((5, 2, 3)), F.ones((4, 3)), F.ones((4, 4)))
    >>> out.shape, h.shape
    ((5, 2, 4), (2, 4))
)";

}  // namespace

void define_rnn(OpTable& table) {
  OpDef op = recurrent_layer_op("rnn", kDoc, attrs_type<RnnAttrs>(), 1, recurrence_of);
  op.infer = [infer = std::move(op.infer)](InferContext& c) {
    const std::string& name = c.attrs<RnnAttrs>().nonlinearity;
    if (name != "tanh" && name != "relu")
      c.fail(ErrorKind::kValue, "nonlinearity", "expected 'tanh' or 'relu', got '", name, "'");
    infer(c);
  };
  table.add(std::move(op));
}
void define_rnn_grad(GradTable& grads) { grads.add("rnn", recurrent_layer_grad(recurrence_of)); }

void define_rnn_samples(SampleTable& samples) {
  SampleTensor x = f32({5, 3, 2}), ih = f32({4, 2}), hh = f32({4, 4});
  AttrList relu{{"nonlinearity", std::string("relu")}};
  AttrList backwards{{"nonlinearity", std::string("relu")}, {"batch_first", true}, {"reverse", true}};
  recurrent_layer_samples(samples, "rnn", 1, 1)
      .valid({x, ih, hh}, relu)
      .valid({x, ih, hh, f32({4}), f32({4}), f32({5, 4})}, backwards)
      .invalid({x, ih, hh}, {{"nonlinearity", std::string("gelu")}}, ErrorKind::kValue,
               "rnn: argument 'nonlinearity': expected 'tanh' or 'relu', got 'gelu'");
}

}  // namespace miai::ops
