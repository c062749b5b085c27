// batch_norm_act and its gradient: what the fusion pass makes of a batch_norm, a sum and an activation on
// top.
#include <algorithm>

#include "graph/ops/batch_norm.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

enum Input { kInp, kRunningMean, kRunningVar, kWeight, kBias, kZ };
enum GradInput { kDy, kX, kGradWeight, kSavedMean, kSavedRstd, kGradBias };

void infer_forward(InferContext& context) {
  const auto& attrs = context.attrs<BatchNormActAttrs>();
  check_clamping_activation(context, attrs.activation);
  infer_batch_norm(context, attrs);
  if (context.has(kZ)) check_summand(context, kZ);
}

void infer_backward(InferContext& context) {
  check_clamping_activation(context, context.attrs<BatchNormActGradAttrs>().activation);
  infer_batch_norm_backward(context);
  if (!context.has(kGradBias)) return;
  context.check_same_dtype(kSavedRstd, kGradBias);
  context.check_rank(kGradBias, 1);
  context.check_dim(kGradBias, 0, context.input(kDy).shape[1], "channels");
}

Vars lower_forward(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<BatchNormActAttrs>();
  Vars outputs = lower_batch_norm(inputs.first(std::min<size_t>(inputs.size(), kZ)), a);
  Var out = inputs.size() > kZ && inputs[kZ] ? outputs[0] + inputs[kZ] : outputs[0];
  outputs[0] = activated(out, a.activation);
  return outputs;
}

/// dy where the activation of the forward pass let its input through, else 0.
Var masked(std::span<const Var> inputs, const std::string& activation) {
  const Var& dy = inputs[kDy];
  if (activation == "identity") return dy;
  Var x = cast(inputs[kX], inputs[kSavedMean].dtype());
  Var y = (x - per_channel(inputs[kSavedMean], x)) * per_channel(inputs[kSavedRstd], x);
  if (inputs[kGradWeight]) y = y * per_channel(inputs[kGradWeight], x);
  if (inputs.size() > kGradBias && inputs[kGradBias]) y = y + per_channel(inputs[kGradBias], x);
  Var grad = where(greater(y, scalar_like(y, 0)), dy, scalar_like(dy, 0));
  return activation == "relu" ? grad : where(less(y, scalar_like(y, 6)), grad, scalar_like(dy, 0));
}

Vars lower_backward(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<BatchNormActGradAttrs>();
  Vars plain(inputs.begin(), inputs.begin() + kGradBias);
  plain[kDy] = masked(inputs, a.activation);
  return lower_batch_norm_backward(plain, a);
}

}  // namespace

void define_batch_norm_act(OpTable& table) {
  OpDef op;
  op.name = "batch_norm_act";
  op.doc =
      "activation(batch_norm(inp, ...) + z), with batch_norm's other outputs: what fusion makes of its "
      "parts.";
  op.inputs = {{"inp"},
               {"running_mean", Presence::kOptional},
               {"running_var", Presence::kOptional},
               {"weight", Presence::kOptional},
               {"bias", Presence::kOptional},
               {"z", Presence::kOptional}};
  op.outputs = {{"out"}, {"running_mean"}, {"running_var"}, {"mean", true}, {"rstd", true}};
  op.attrs = &attrs_type<BatchNormActAttrs>();
  op.infer = infer_forward;
  op.lower = lower_forward;
  op.repeat = [](const Attrs& attrs) { return repeat_batch_norm(attrs.as<BatchNormActAttrs>(), kZ + 1); };
  op.may_overwrite = {kInp, kZ};
  op.is_public = false;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "batch_norm_act_backward";
  backward.doc =
      "The gradient of batch_norm_act without z for inp, weight and bias, given the mean and 1 / sqrt(var + "
      "eps) it "
      "used.";
  backward.inputs = {{"dy"},   {"inp"},  {"weight", Presence::kOptional},
                     {"mean"}, {"rstd"}, {"bias", Presence::kOptional}};
  backward.outputs = {{"dx"}, {"dweight"}, {"dbias"}};
  backward.attrs = &attrs_type<BatchNormActGradAttrs>();
  backward.infer = infer_backward;
  backward.lower = lower_backward;
  backward.may_overwrite = {kDy, kX};
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_batch_norm_act_samples(SampleTable& samples) {
  AttrList relu = {{"training", true}, {"activation", std::string("relu")}};
  AttrList relu6 = {{"training", true}, {"activation", std::string("relu6")}};
  SampleTensor x = f32({4, 3, 2, 5}), c3 = f32({3}), var = f32({3}).range(0.5, 2), big = f32({3}).range(2, 6);
  SampleList& forward = samples.of("batch_norm_act");
  forward.tolerance = 1e-4;
  forward.valid({x, c3, var, c3, c3}, relu)
      .valid({x, c3, var, big, big}, relu6)
      .valid({x, c3, var, c3, c3, x}, relu)
      .valid({x, c3, var, c3, c3, x}, {{"training", true}})
      .valid({x, c3, var, c3, c3}, {{"activation", std::string("relu")}})
      .valid({x, std::nullopt, std::nullopt, c3, c3, f32({4, 3, 2, 5}).transposed()}, relu)
      .valid({f32({8, 19}), std::nullopt, std::nullopt, std::nullopt, std::nullopt, f32({8, 19})}, relu)
      .valid({f32({8, 3}), c3, var}, relu)
      .valid({f32({0, 3, 2, 2}), c3, var, c3, c3}, {{"activation", std::string("relu")}})
      .valid({f32({4, 3, 2, 5}).sliced(), c3, var.sliced(), c3, c3, x.broadcast()}, relu)
      .valid({f64({4, 3, 2, 5}), f64({3}), f64({3}).range(0.5, 2), f64({3}), f64({3})}, relu)
      .valid({bf16({4, 3, 2, 5}), c3, var, c3, c3, bf16({4, 3, 2, 5})}, relu)
      .invalid({x, c3, var, c3, c3}, {{"activation", std::string("tanh")}}, ErrorKind::kValue,
               "batch_norm_act: argument 'activation': expected identity, relu or relu6, got 'tanh'")
      .invalid({x, c3, var, c3, c3, f32({4, 3, 2, 4})}, relu, ErrorKind::kValue,
               "batch_norm_act: argument 'z': expected size 5")
      .invalid({x, c3, var, c3, c3, f64({4, 3, 2, 5})}, relu, ErrorKind::kType,
               "batch_norm_act: argument 'z'")
      .invalid({x, c3, var, c3, c3, c3}, relu, ErrorKind::kValue,
               "batch_norm_act: argument 'z': expected rank 4")
      .invalid({f32({4, 3, 5}), c3, var}, relu, ErrorKind::kValue, "batch_norm_act: argument 'inp'");

  SampleTensor rstd = f32({3}).range(0.5, 2);
  SampleList& backward = samples.of("batch_norm_act_backward");
  backward.tolerance = 1e-4;
  backward.valid({x, x, c3, c3, rstd, c3}, relu)
      .valid({x, x, big, c3, rstd, big}, relu6)
      .valid({x, x, c3, c3, rstd}, relu)
      .valid({x, x, std::nullopt, c3, rstd, c3}, relu)
      .valid({x, x, c3, c3, rstd, c3}, {{"training", true}})
      .valid({x, x, c3, c3, rstd, c3}, {{"activation", std::string("relu")}})
      .valid({f32({8, 19}), f32({8, 19}), std::nullopt, f32({19}), f32({19}).range(0.5, 2)}, relu)
      .valid({f32({0, 3, 2, 2}), f32({0, 3, 2, 2}), c3, c3, rstd, c3}, relu)
      .valid({x.broadcast(), f32({4, 3, 2, 5}).sliced(), c3.sliced(), c3, rstd.sliced(), c3}, relu)
      .valid({f64({4, 3, 2, 5}), f64({4, 3, 2, 5}), f64({3}), f64({3}), f64({3}).range(0.5, 2), f64({3})},
             relu)
      .invalid({x, x, c3, c3, rstd, c3}, {{"activation", std::string("gelu")}}, ErrorKind::kValue,
               "batch_norm_act_backward: argument 'activation': expected identity, relu or relu6, got 'gelu'")
      .invalid({x, x, c3, c3, rstd, f32({4})}, relu, ErrorKind::kValue,
               "batch_norm_act_backward: argument 'bias': expected size 3")
      .invalid({x, x, c3, c3, rstd, f64({3})}, relu, ErrorKind::kType,
               "batch_norm_act_backward: argument 'bias'")
      .invalid({x, f32({4, 3, 2, 4}), c3, c3, rstd, c3}, relu, ErrorKind::kValue,
               "batch_norm_act_backward: argument 'inp': expected size 5")
      .invalid({x, x, c3, c3}, relu, ErrorKind::kType, "batch_norm_act_backward: argument 'rstd': missing");
}

}  // namespace miai::ops
