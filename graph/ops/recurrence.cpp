// recurrence: the steps of gru, lstm and rnn, one after the other, on a projected sequence; and its gradient.
#include "graph/ops/recurrence.h"

#include "graph/ops/builders.h"
#include "kernels/common/recurrence_shape.h"

namespace miai::ops {
namespace {

using namespace recurrence_input;

const RecurrentCell& check_cell(const InferContext& c) {
  const auto& name = c.attrs<RecurrenceAttrs>().cell;
  const RecurrentCell* cell = find_recurrent_cell(name);
  if (!cell) c.fail(ErrorKind::kValue, "cell", "expected gru, lstm, rnn_tanh or rnn_relu, got '", name, "'");
  return *cell;
}

/// A tensor of these sizes, with the dtype of input 0 of the two.
void check_shape(const InferContext& c, int like, int i, const Dims& shape, std::string_view why) {
  if (!c.has(i)) return;
  c.check_same_dtype(like, i);
  c.check_rank(i, shape.size());
  for (int d = 0; d < shape.size(); ++d) c.check_dim(i, d, shape[d], why);
}

/// Sizes of the weight of the recurrent part; gives the hidden size.
Dim check_weight(const InferContext& c, int like, int i, const RecurrentCell& cell) {
  c.check_same_dtype(like, i);
  c.check_rank(i, 2);
  Dim hidden = c.input(i).shape[1];
  c.check_dim(i, 0, hidden * Dim(cell.gates), "gates times hidden size");
  return hidden;
}

void check_states(const InferContext& c, int like, const RecurrentCell& cell, int h, int cell_state,
                  const Dims& shape) {
  check_shape(c, like, h, shape, "(batch, hidden)");
  if (cell.states < 2 && c.has(cell_state))
    c.fail(ErrorKind::kValue, c.input_name(cell_state), "only lstm has a cell state, got one for ",
           cell.name);
  check_shape(c, like, cell_state, shape, "(batch, hidden)");
}

Dims with_features(Dims sequence, Dim features) {
  sequence.back() = features;
  return sequence;
}

void check_sequence(const InferContext& c, int i) {
  c.check_float(i);
  c.check_rank(i, 3);
  if (c.input(i).shape[c.attrs<RecurrenceAttrs>().batch_first] == Dim(0))
    c.fail(ErrorKind::kValue, c.input_name(i), "expected at least one step, got shape ", c.input(i).shape);
}

void infer_recurrence(InferContext& c) {
  const RecurrentCell& cell = check_cell(c);
  check_sequence(c, kProjection);
  const Dims& sequence = c.input(kProjection).shape;
  Dim hidden = check_weight(c, kProjection, kWeight, cell);
  c.check_dim(kProjection, 2, hidden * Dim(cell.gates), "gates times hidden size");
  check_shape(c, kProjection, kBias, {hidden * Dim(cell.gates)}, "gates times hidden size");
  Dims state{sequence[!c.attrs<RecurrenceAttrs>().batch_first], hidden};
  check_states(c, kProjection, cell, kFirstH, kFirstC, state);
  c.output_like(kProjection, with_features(sequence, hidden));
  c.output_like(kProjection, with_features(sequence, hidden * Dim(cell.saved)));
  for (int k = 0; k < cell.states; ++k) c.output_like(kProjection, state);
}

void infer_backward(InferContext& c) {
  const RecurrentCell& cell = check_cell(c);
  check_sequence(c, kOut);
  const Dims& sequence = c.input(kOut).shape;
  Dim hidden = check_weight(c, kOut, kGradWeight, cell);
  c.check_dim(kOut, 2, hidden, "hidden size");
  check_shape(c, kOut, kGradOut, sequence, "that of 'out'");
  check_shape(c, kOut, kSaved, with_features(sequence, hidden * Dim(cell.saved)), "what the cell saves");
  Dims state{sequence[!c.attrs<RecurrenceAttrs>().batch_first], hidden};
  check_states(c, kOut, cell, kGradFirstH, kGradFirstC, state);
  check_states(c, kOut, cell, kGradLastH, kGradLastC, state);
  c.output_like(kOut, with_features(sequence, hidden * Dim(cell.gates)));
  for (int k = 0; k < cell.states; ++k) c.output_like(kOut, state);
  if (cell.kind == RecurrentCell::kGru) c.output_like(kOut, sequence);
}

/// A product with the weight in each step; the gradient has two.
Cost recurrence_cost(std::span<const TensorMeta> in, std::span<const TensorMeta>, const Attrs&) {
  return {2.0 * static_cast<double>(in[kProjection].size()) * static_cast<double>(in[kWeight].shape[1])};
}
Cost backward_cost(std::span<const TensorMeta> in, std::span<const TensorMeta>, const Attrs&) {
  double rows = static_cast<double>(in[kOut].size()) / static_cast<double>(in[kGradWeight].shape[1]);
  return {4.0 * rows * static_cast<double>(in[kGradWeight].size())};
}

/// The hidden states that the steps start from, as rows of one matrix.
Var states_before(const RecurrenceUse& use) {
  int time = use.attrs.batch_first;
  Dims shape = use.out.shape(), first = shape;
  first[time] = 1;
  TensorType type = use.out.type();
  Var start = use.h0 ? reshape(use.h0, first) : full(first, 0, type.dtype, type.device);
  Var others = narrow(use.out, time, use.attrs.reverse ? 1 : 0, shape[time] - Dim(1));
  return as_rows(use.attrs.reverse ? concat({others, start}, time) : concat({start, others}, time));
}

/// Gradients of the weight and the bias of the recurrent part from those of the gates, as rows. The last gate
/// of gru has one of its own (`own`), behind the reset gate.
void add_parameter_gradients(RecurrenceGradient& result, const RecurrenceUse& use, const Var& gates,
                             const Var& own, bool needs_weight, bool needs_bias) {
  Vars parts{gates};
  if (own) parts = {narrow(gates, 1, 0, own.shape()[1] * Dim(2)), own};
  Vars weights, biases;
  Var before = needs_weight ? states_before(use) : Var();
  for (const Var& part : parts) {
    if (needs_weight) weights.push_back(matmul(part, before, true, false));
    if (needs_bias) biases.push_back(sum(part, Ints{0}, false));
  }
  auto joined = [](const Vars& vars) { return vars.size() > 1 ? concat(vars, 0) : vars[0]; };
  if (needs_weight) result.weight = joined(weights);
  if (needs_bias) result.bias = joined(biases);
}

Vars recurrence_grad(GradContext& c) {
  auto input = [&](int i) { return c.has_input(i) ? c.input(i) : Var(); };
  auto needs = [&](int i) { return c.has_input(i) && c.needs(i); };
  const auto& attrs = c.attrs_as<RecurrenceAttrs>();
  if (c.grad(1))
    raise(ErrorKind::kNotImplemented, c.op.name, ": what it saves for its gradient has none itself");
  bool two = find_recurrent_cell(attrs.cell)->states > 1;
  RecurrenceUse use{attrs, c.input(kWeight), input(kFirstH), input(kFirstC), c.output(0), c.output(1)};
  RecurrenceGradient g =
      recurrence_gradient(use, {c.grad(0), c.grad(2), two ? c.grad(3) : Var()}, needs(kWeight), needs(kBias));
  Vars grads{g.projection, g.weight, g.bias, g.h0, g.c0};
  grads.resize(static_cast<size_t>(c.input_count()));
  return grads;
}

Vars no_second_order(GradContext& c) {
  raise(ErrorKind::kNotImplemented, c.op.name,
        ": the gradient of gru, lstm and rnn has no gradient of its own; write the steps with GRUCell or "
        "LSTMCell for second-order gradients");
}

}  // namespace

RecurrenceGradient recurrence_gradient(const RecurrenceUse& use, const LastGradients& grads,
                                       bool needs_weight, bool needs_bias) {
  const RecurrentCell& cell = *find_recurrent_cell(use.attrs.cell);
  Vars inputs{grads.out, use.out, use.saved, use.weight, use.h0, use.c0, grads.h, grads.c};
  Vars parts = emit(find_op("recurrence_backward"), make_attrs(use.attrs), inputs);
  RecurrenceGradient result;
  result.projection = parts[0];
  result.h0 = parts[1];
  if (cell.states > 1) result.c0 = parts[2];
  Var own = cell.kind == RecurrentCell::kGru ? as_rows(parts[2]) : Var();
  add_parameter_gradients(result, use, as_rows(parts[0]), own, needs_weight, needs_bias);
  return result;
}

void define_recurrence(OpTable& table) {
  OpDef op;
  op.name = "recurrence";
  op.doc = "The steps of gru, lstm or rnn on the projection of a sequence, (time, batch, gates * hidden).";
  op.inputs = {{"projection"},
               {"weight"},
               {"bias", Presence::kOptional},
               {"h0", Presence::kOptional},
               {"c0", Presence::kOptional}};
  op.outputs = {{"out"}, {"saved"}, {"last", false, true}};
  op.attrs = &attrs_type<RecurrenceAttrs>();
  op.infer = infer_recurrence;
  op.cost = recurrence_cost;
  op.is_public = false;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "recurrence_backward";
  backward.doc =
      "The gradient of recurrence for projection, h0 and c0; for gru also of its last gate's recurrent part.";
  backward.inputs = {{"dout", Presence::kOptional},
                     {"out"},
                     {"saved"},
                     {"weight"},
                     {"h0", Presence::kOptional},
                     {"c0", Presence::kOptional},
                     {"dh", Presence::kOptional},
                     {"dc", Presence::kOptional}};
  backward.outputs = {{"dprojection"}, {"dh0"}, {"rest", false, true}};
  backward.attrs = &attrs_type<RecurrenceAttrs>();
  backward.infer = infer_backward;
  backward.cost = backward_cost;
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_recurrence_grad(GradTable& grads) {
  grads.add("recurrence", {recurrence_grad, {kWeight, kFirstH, kFirstC}, {0, 1}});
  grads.add("recurrence_backward", {no_second_order});
}

namespace {

AttrList cell_attrs(const char* cell, bool batch_first = false, bool reverse = false) {
  return {{"cell", std::string(cell)}, {"batch_first", batch_first}, {"reverse", reverse}};
}

void add_forward_samples(SampleList& list) {
  using Tensors = std::vector<std::optional<SampleTensor>>;
  list.tolerance = 1e-4;
  list.check_grad = false;  // `saved` has none; gru, lstm and rnn are checked
  auto usual = [](int gates) {
    return Tensors{f32({4, 3, gates * 5}), f32({gates * 5, 5}), f32({gates * 5}), f32({3, 5})};
  };
  auto plain = [](SampleTensor p, int gates, int64_t h) {
    return Tensors{p, SampleTensor{p.dtype, {gates * h, h}}};
  };
  Tensors lstm = usual(4);
  lstm.push_back(f32({3, 5}));
  list.valid(usual(3), cell_attrs("gru"))
      .valid(lstm, cell_attrs("lstm"))
      .valid(usual(1), cell_attrs("rnn_tanh"))
      .valid(usual(1), cell_attrs("rnn_relu"))
      .valid(plain(f32({3, 4, 15}), 3, 5), cell_attrs("gru", true, true))
      .valid(plain(f32({3, 4, 20}), 4, 5), cell_attrs("lstm", true, true))
      .valid(plain(f32({1, 1, 3}), 3, 1), cell_attrs("gru"))
      .valid(plain(f32({2, 0, 6}), 3, 2), cell_attrs("gru"))
      .valid(plain(f32({5, 14, 60}), 3, 20), cell_attrs("gru", true))
      .valid(plain(f32({5, 14, 80}).transposed(), 4, 20), cell_attrs("lstm"))
      .valid({f32({4, 3, 15}).sliced(), f32({15, 5}).sliced(), f32({15}).sliced(), f32({3, 5}).broadcast()},
             cell_attrs("gru"))
      .valid(plain(f64({4, 3, 15}), 3, 5), cell_attrs("gru"))
      .valid(plain(f16({4, 3, 15}), 3, 5), cell_attrs("gru"))
      .valid(plain(bf16({4, 3, 20}), 4, 5), cell_attrs("lstm"));
  Tensors gru = usual(3);
  list.invalid(gru, cell_attrs("elman"), ErrorKind::kValue,
               "argument 'cell': expected gru, lstm, rnn_tanh or rnn_relu")
      .invalid({f32({4, 15}), f32({15, 5})}, cell_attrs("gru"), ErrorKind::kValue,
               "argument 'projection': expected rank 3")
      .invalid({f32({4, 3, 15}), f32({10, 5})}, cell_attrs("gru"), ErrorKind::kValue,
               "argument 'weight': expected size 15 in dimension 0")
      .invalid({f32({4, 3, 14}), f32({15, 5})}, cell_attrs("gru"), ErrorKind::kValue,
               "argument 'projection': expected size 15 in dimension 2")
      .invalid({f32({0, 3, 15}), f32({15, 5})}, cell_attrs("gru"), ErrorKind::kValue,
               "expected at least one step")
      .invalid({gru[0], gru[1], gru[2], gru[3], f32({3, 5})}, cell_attrs("gru"), ErrorKind::kValue,
               "argument 'c0': only lstm has a cell state")
      .invalid({i64({4, 3, 15}), f32({15, 5})}, cell_attrs("gru"), ErrorKind::kType,
               "argument 'projection': expected a floating dtype");
}

void add_backward_samples(SampleList& list) {
  using Tensors = std::vector<std::optional<SampleTensor>>;
  list.tolerance = 1e-4;
  list.check_grad = false;  // it has none
  auto usual = [](DType dtype, Shape sequence, int64_t saved, int64_t gates) {
    int64_t h = sequence.back();
    Shape wide = sequence;
    wide.back() = saved * h;
    SampleTensor out = typed(dtype, sequence);
    return Tensors{out, out, typed(dtype, wide), typed(dtype, {gates * h, h})};
  };
  constexpr DType kF32 = DType::kFloat32;
  Tensors gru = usual(kF32, {4, 3, 5}, 4, 3), lstm = usual(kF32, {4, 3, 5}, 5, 4);
  SampleTensor state = f32({3, 5});
  auto with = [](Tensors tensors, Tensors more) {
    tensors.insert(tensors.end(), more.begin(), more.end());
    return tensors;
  };
  Tensors transposed = gru, no_grad = gru;
  transposed[0] = gru[0]->broadcast(), transposed[1] = gru[1]->transposed(), transposed[3] = gru[3]->sliced();
  no_grad[0] = std::nullopt;
  list.valid(gru, cell_attrs("gru"))
      .valid(with(gru, {state, std::nullopt, state}), cell_attrs("gru"))
      .valid(with(lstm, {state, state, state, state}), cell_attrs("lstm"))
      .valid(with(lstm, {std::nullopt, state, std::nullopt, state}), cell_attrs("lstm", false, true))
      .valid(usual(kF32, {4, 3, 5}, 0, 1), cell_attrs("rnn_tanh"))
      .valid(usual(kF32, {4, 3, 5}, 0, 1), cell_attrs("rnn_relu", true, true))
      .valid(usual(kF32, {5, 14, 20}, 4, 3), cell_attrs("gru", true, true))
      .valid(usual(kF32, {14, 5, 20}, 5, 4), cell_attrs("lstm"))
      .valid(usual(kF32, {1, 1, 1}, 4, 3), cell_attrs("gru"))
      .valid(usual(kF32, {2, 0, 3}, 4, 3), cell_attrs("gru"))
      .valid(transposed, cell_attrs("gru"))
      .valid(with(no_grad, {std::nullopt, std::nullopt, state}), cell_attrs("gru"))
      .valid(usual(DType::kFloat64, {4, 3, 5}, 4, 3), cell_attrs("gru"))
      .valid(usual(DType::kFloat16, {4, 3, 5}, 4, 3), cell_attrs("gru"))
      .valid(usual(DType::kBFloat16, {4, 3, 5}, 5, 4), cell_attrs("lstm"));
  list.invalid(gru, cell_attrs("elman"), ErrorKind::kValue, "argument 'cell'")
      .invalid(lstm, cell_attrs("gru"), ErrorKind::kValue,
               "argument 'weight': expected size 15 in dimension 0")
      .invalid({gru[0], gru[1], f32({4, 3, 15}), gru[3]}, cell_attrs("gru"), ErrorKind::kValue,
               "argument 'saved': expected size 20 in dimension 2")
      .invalid({f32({4, 3, 6}), gru[1], gru[2], gru[3]}, cell_attrs("gru"), ErrorKind::kValue,
               "argument 'dout': expected size 5 in dimension 2")
      .invalid(with(gru, {f32({4, 5})}), cell_attrs("gru"), ErrorKind::kValue,
               "argument 'h0': expected size 3 in dimension 0")
      .invalid(with(gru, {state, state}), cell_attrs("gru"), ErrorKind::kValue,
               "argument 'c0': only lstm has a cell state");
}

}  // namespace

void define_recurrence_samples(SampleTable& samples) {
  add_forward_samples(samples.of("recurrence"));
  add_backward_samples(samples.of("recurrence_backward"));
}

}  // namespace miai::ops
