#include "graph/ops/recurrent_layer.h"

#include <algorithm>
#include <cctype>

#include "graph/ops/builders.h"
#include "graph/ops/recurrence.h"

namespace miai::ops {
namespace {

enum Input { kInp, kWeightIh, kWeightHh, kBiasIh, kBiasHh, kH0, kC0 };

void check_shape(const InferContext& c, int i, const Dims& shape, std::string_view why) {
  if (!c.has(i)) return;
  c.check_same_dtype(kInp, i);
  c.check_rank(i, shape.size());
  for (int d = 0; d < shape.size(); ++d) c.check_dim(i, d, shape[d], why);
}

void infer_layer(InferContext& c, const RecurrenceAttrs& a) {
  const RecurrentCell& cell = *find_recurrent_cell(a.cell);
  c.check_float(kInp);
  c.check_rank(kInp, 3);
  Dims out = c.input(kInp).shape;
  if (out[a.batch_first] == Dim(0))
    c.fail(ErrorKind::kValue, "inp", "expected at least one step, got shape ", out);
  c.check_rank(kWeightHh, 2);
  Dim hidden = c.input(kWeightHh).shape[1], gates = hidden * Dim(cell.gates);
  check_shape(c, kWeightIh, {gates, out[2]}, "(gates times hidden size, size of 'inp')");
  check_shape(c, kWeightHh, {gates, hidden}, "(gates times hidden size, hidden size)");
  for (int i : {kBiasIh, kBiasHh}) check_shape(c, i, {gates}, "gates times hidden size");
  Dims state{out[!a.batch_first], hidden};
  for (int i : {kH0, kC0}) check_shape(c, i, state, "(batch, hidden size)");
  out.back() = hidden;
  c.output_like(kInp, out);
  for (int k = 0; k < cell.states; ++k) c.output_like(kInp, state);
  out.back() = hidden * Dim(cell.saved);
  c.output_like(kInp, out);
}

Vars lower_layer(std::span<const Var> inputs, const RecurrenceAttrs& a) {
  auto input = [&](size_t i) { return i < inputs.size() ? inputs[i] : Var(); };
  Var projection = emit1(find_op("linear"), {}, {input(kInp), input(kWeightIh), input(kBiasIh)});
  Vars steps{projection, input(kWeightHh), input(kBiasHh), input(kH0), input(kC0)};
  Vars results = emit(find_op("recurrence"), make_attrs(a), steps);
  std::rotate(results.begin() + 1, results.begin() + 2, results.end());  // what is saved comes last
  return results;
}

Vars layer_grad(GradContext& c, const RecurrenceAttrs& a) {
  auto input = [&](int i) { return c.has_input(i) ? c.input(i) : Var(); };
  auto needs = [&](int i) { return c.has_input(i) && c.needs(i); };
  int states = find_recurrent_cell(a.cell)->states;
  RecurrenceUse use{a, c.input(kWeightHh), input(kH0), input(kC0), c.output(0), c.output(1 + states)};
  LastGradients last{c.grad(0), c.grad(1), states > 1 ? c.grad(2) : Var()};
  RecurrenceGradient g = recurrence_gradient(use, last, needs(kWeightHh), needs(kBiasHh));
  Vars grads{Var(), Var(), g.weight, Var(), g.bias, g.h0, g.c0};
  if (needs(kInp)) grads[kInp] = matmul(g.projection, c.input(kWeightIh));
  Var rows = as_rows(g.projection);
  if (needs(kWeightIh)) grads[kWeightIh] = matmul(rows, as_rows(c.input(kInp)), true, false);
  if (needs(kBiasIh)) grads[kBiasIh] = sum(rows, Ints{0}, false);
  grads.resize(static_cast<size_t>(c.input_count()));
  return grads;
}

std::string upper_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// The arguments and results of a layer, for its documentation.
std::string documentation(const std::string& name, const RecurrentCell& cell) {
  bool two = cell.states > 1;
  std::string rows = cell.gates > 1 ? std::to_string(cell.gates) + " * hidden" : "hidden";
  std::string text = "\nThe module " + upper_case(name) + R"( has several layers and directions.

Args:
    inp: shape (time, batch, in), or (batch, time, in) with batch_first; floating dtype, of all tensors.
    weight_ih: shape (<rows>, in).
    weight_hh: shape (<rows>, hidden).
    bias_ih: shape (<rows>,), optional, as bias_hh is.
    h0: shape (batch, hidden), optional: zeros.<c0>

Returns:
    (out, h_n<c_n>): all hidden states, as ``inp`` lies, and the last of each state, (batch, hidden).

Raises:
    ValueError: sizes that differ, no step. TypeError: integers. NotImplementedError: second-order gradients.

Example:
    >>> import miai.functional as F
    >>> out, *last = F.<name>(F.ones((5, 2, 3)), F.ones((<example>, 3)), F.ones((<example>, 4)))
    >>> out.shape, [state.shape for state in last]
    ((5, 2, 4), [(2, 4)<second>])
)";
  const std::pair<std::string_view, std::string> values[] = {{"<rows>", rows},
                                                             {"<c0>", two ? " c0: the same." : ""},
                                                             {"<name>", name},
                                                             {"<c_n>", two ? ", c_n" : ""},
                                                             {"<second>", two ? ", (2, 4)" : ""},
                                                             {"<example>", std::to_string(4 * cell.gates)}};
  for (const auto& [key, value] : values)
    for (size_t at; (at = text.find(key)) != std::string::npos;) text.replace(at, key.size(), value);
  return text;
}

}  // namespace

OpDef recurrent_layer_op(const std::string& name, const std::string& formula, const AttrsType& attrs,
                         const RecurrentCell& cell, RecurrenceOf recurrence_of) {
  OpDef op;
  op.name = name;
  op.doc = formula + documentation(name, cell);
  op.inputs = {{"inp"}, {"weight_ih"}, {"weight_hh"}};
  for (const char* optional : {"bias_ih", "bias_hh", "h0"})
    op.inputs.push_back({optional, Presence::kOptional});
  op.outputs = {{"out"}, {"h_n"}};
  if (cell.states > 1) {
    op.inputs.push_back({"c0", Presence::kOptional});
    op.outputs.push_back({"c_n"});
  }
  op.outputs.push_back({"saved", true});
  op.attrs = &attrs;
  op.infer = [recurrence_of](InferContext& c) { infer_layer(c, recurrence_of(c.raw_attrs())); };
  op.lower = [recurrence_of](std::span<const Var> inputs, const Attrs& a) {
    return lower_layer(inputs, recurrence_of(a));
  };
  return op;
}

GradDef recurrent_layer_grad(RecurrenceOf recurrence_of) {
  auto rule = [recurrence_of](GradContext& c) { return layer_grad(c, recurrence_of(c.attrs)); };
  return {rule, {kInp, kWeightIh, kWeightHh, kH0, kC0}, {0, 2, 3}};
}

SampleList& recurrent_layer_samples(SampleTable& samples, const std::string& name,
                                    const RecurrentCell& cell) {
  using Tensors = std::vector<std::optional<SampleTensor>>;
  int64_t gates = cell.gates;
  auto tensors = [&](SampleTensor inp, int64_t hidden) {
    SampleTensor ih{inp.dtype, {gates * hidden, inp.shape[2]}}, hh{inp.dtype, {gates * hidden, hidden}};
    return Tensors{inp, ih, hh};
  };
  auto with = [](Tensors list, Tensors more) {
    list.insert(list.end(), more.begin(), more.end());
    return list;
  };
  SampleTensor bias = f32({gates * 4}), state = f32({3, 4});
  Tensors plain = tensors(f32({5, 3, 2}), 4), all = with(plain, {bias, bias, state});
  if (cell.states > 1) all.push_back(state);
  AttrList batch_first{{"batch_first", true}}, reverse{{"reverse", true}};
  AttrList both{{"batch_first", true}, {"reverse", true}};
  SampleList& list = samples.of(name);
  list.tolerance = 1e-4;
  list.check_second_order = false;  // recurrence_backward has no gradient
  list.valid(all)
      .valid(plain)
      .valid(with(tensors(f32({3, 5, 2}), 4), {bias, bias, state}), both)
      .valid(with(plain, {bias, bias}), reverse)
      .valid(with(plain, {std::nullopt, bias}))
      .valid(with(plain, {std::nullopt, std::nullopt, state}))
      .valid(tensors(f32({1, 1, 1}), 1))
      .valid(tensors(f32({4, 0, 3}), 2))
      .valid(tensors(f32({4, 3, 0}), 2))
      .valid(tensors(f32({14, 6, 7}), 20), batch_first)
      .valid(tensors(f32({6, 17, 7}), 33))
      .valid(tensors(f32({5, 3, 2}).transposed(), 4))
      .valid({f32({5, 3, 2}).sliced(), plain[1]->transposed(), plain[2]->transposed(), bias.sliced(),
              bias.sliced(), state.transposed()})
      .valid(tensors(f64({5, 3, 2}), 4))
      .valid(tensors(f16({5, 3, 2}), 4))
      .valid(tensors(bf16({5, 3, 2}), 4));
  auto changed = [&](size_t i, SampleTensor tensor) {
    Tensors copy = all;
    copy[i] = tensor;
    return copy;
  };
  auto message = [&](const std::string& argument, const std::string& text) {
    return name + ": argument '" + argument + "': " + text;
  };
  list.invalid(changed(0, f32({5, 2})), {}, ErrorKind::kValue, message("inp", "expected rank 3, got rank 2"))
      .invalid(changed(0, i64({5, 3, 2})), {}, ErrorKind::kType, message("inp", "expected a floating dtype"))
      .invalid(changed(0, f32({0, 3, 2})), {}, ErrorKind::kValue,
               message("inp", "expected at least one step"))
      .invalid(changed(1, f32({gates * 4, 3})), {}, ErrorKind::kValue,
               message("weight_ih", "expected size 2 in dimension 1"))
      .invalid(changed(2, f32({gates * 4 + 1, 4})), {}, ErrorKind::kValue,
               message("weight_hh", "expected size " + std::to_string(gates * 4) + " in dimension 0"))
      .invalid(changed(4, f32({3})), {}, ErrorKind::kValue, message("bias_hh", "expected size"))
      .invalid(changed(5, f32({5, 4})), {}, ErrorKind::kValue,
               message("h0", "expected size 3 in dimension 0"))
      .invalid(changed(5, f64({3, 4})), {}, ErrorKind::kType, message("h0", "expected dtype float32"));
  return list;
}

}  // namespace miai::ops
