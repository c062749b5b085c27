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

constexpr const RecurrentCell& kCell = kRecurrentCells[RecurrentCell::kRnnTanh];

RecurrenceAttrs recurrence_of(const Attrs& attrs) {
  const auto& a = attrs.as<RnnAttrs>();
  return {"rnn_" + a.nonlinearity, a.batch_first, a.reverse};
}

constexpr const char* kFormula = R"(A layer of plain recurrent units over a sequence (Elman, 1990).

At each step ``h = tanh(W_ih x + b_ih + W_hh h + b_hh)``, or with relu in place of tanh.
)";

}  // namespace

void define_rnn(OpTable& table) {
  OpDef op = recurrent_layer_op("rnn", kFormula, attrs_type<RnnAttrs>(), kCell, recurrence_of);
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
  recurrent_layer_samples(samples, "rnn", kCell)
      .valid({x, ih, hh}, relu)
      .valid({x, ih, hh, f32({4}), f32({4}), f32({5, 4})}, backwards)
      .invalid({x, ih, hh}, {{"nonlinearity", std::string("gelu")}}, ErrorKind::kValue,
               "rnn: argument 'nonlinearity': expected 'tanh' or 'relu', got 'gelu'");
}

}  // namespace miai::ops
