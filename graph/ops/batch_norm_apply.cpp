// The last part of batch_norm and batch_norm_act alone: what a plan that needs less memory runs in place of a
// second one.
#include <algorithm>

#include "graph/ops/batch_norm.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

enum Input { kInp, kMean, kRstd, kWeight, kBias, kZ };

void infer_apply(InferContext& context) {
  check_clamping_activation(context, context.attrs<BatchNormApplyAttrs>().activation);
  const TensorType& inp = context.input(kInp);
  check_image(context, kInp);
  for (int i = kMean; i <= kBias; ++i)
    if (context.has(i)) check_per_channel(context, i, inp);
  if (context.has(kZ)) check_summand(context, kZ);
  context.output_like(kInp, inp.shape);
}

Vars lower_apply(std::span<const Var> inputs, const Attrs& attrs) {
  Var x = cast(inputs[kInp], statistics_dtype(inputs[kInp].dtype()));
  auto input = [&](size_t i) { return i < inputs.size() ? inputs[i] : Var(); };
  Var out = (x - per_channel(inputs[kMean], x)) * per_channel(inputs[kRstd], x);
  if (input(kWeight)) out = out * per_channel(input(kWeight), x);
  if (input(kBias)) out = out + per_channel(input(kBias), x);
  out = cast(out, inputs[kInp].dtype());
  if (input(kZ)) out = out + input(kZ);
  return {activated(out, attrs.as<BatchNormApplyAttrs>().activation)};
}

}  // namespace

void check_clamping_activation(const InferContext& context, const std::string& activation) {
  auto known = std::find(std::begin(kClampingActivations), std::end(kClampingActivations), activation);
  if (known == std::end(kClampingActivations))
    context.fail(ErrorKind::kValue, "activation", "expected identity, relu or relu6, got '", activation, "'");
}

Var activated(const Var& x, const std::string& activation) {
  return activation == "identity" ? x : emit1(find_op(activation), {}, {x});
}

std::optional<CheaperRepeat> repeat_batch_norm(const BatchNormActAttrs& attrs, int input_count) {
  if (!attrs.training) return std::nullopt;
  int mean = input_count + 3, rstd = input_count + 4;  // outputs follow the inputs
  std::vector<int> inputs = {0, mean, rstd, 3, 4};     // inp, weight, bias
  if (input_count > 5) inputs.push_back(5);            // z
  return CheaperRepeat{"batch_norm_apply", make_attrs(BatchNormApplyAttrs{attrs.activation}),
                       std::move(inputs)};
}

void define_batch_norm_apply(OpTable& table) {
  OpDef op;
  op.name = "batch_norm_apply";
  op.doc = "activation((inp - mean) * rstd * weight + bias + z): batch_norm_act's result, of what it saved.";
  op.inputs = {{"inp"},
               {"mean"},
               {"rstd"},
               {"weight", Presence::kOptional},
               {"bias", Presence::kOptional},
               {"z", Presence::kOptional}};
  op.attrs = &attrs_type<BatchNormApplyAttrs>();
  op.infer = infer_apply;
  op.lower = lower_apply;
  op.may_overwrite = {kInp, kZ};
  op.is_public = false;
  table.add(std::move(op));
}

void define_batch_norm_apply_samples(SampleTable& samples) {
  AttrList relu = {{"activation", std::string("relu")}}, relu6 = {{"activation", std::string("relu6")}};
  SampleTensor image = f32({4, 3, 2, 5}), c3 = f32({3}), rstd = f32({3}).range(0.5, 2);
  SampleList& list = samples.of("batch_norm_apply");
  list.tolerance = 1e-4;
  list.valid({image, c3, rstd, c3, c3})
      .valid({image, c3, rstd})
      .valid({image, c3, rstd, c3}, relu)
      .valid({image, c3, rstd, std::nullopt, c3}, relu6)
      .valid({image, c3, rstd, c3, c3, image}, relu)
      .valid({f32({8, 3}), c3, rstd, c3, c3})
      .valid({f32({1, 3, 1, 1}), c3, rstd, c3, c3}, relu)
      .valid({f32({0, 3, 2, 2}), c3, rstd, c3, c3})
      .valid({image.transposed(), c3, rstd, c3.sliced(), c3.sliced(), image.broadcast()})
      .valid({f32({4, 3, 5, 7}).sliced(), c3.sliced(), rstd.sliced(), c3, c3})
      .valid({f32({2, 19, 3, 3}), f32({19}), f32({19}).range(0.5, 2), f32({19}), f32({19})}, relu)
      .valid({f64({4, 3, 2, 5}), f64({3}), f64({3}).range(0.5, 2), f64({3}), f64({3})})
      .valid({f16({4, 3, 2, 5}), c3, rstd, c3, c3})
      .valid({bf16({4, 3, 2, 5}), c3, rstd, c3, c3, bf16({4, 3, 2, 5})}, relu)
      .invalid({f32({4, 3, 5}), c3, rstd}, {}, ErrorKind::kValue,
               "batch_norm_apply: argument 'inp': expected rank 2 (n, c) or 4 (n, c, h, w), got rank 3")
      .invalid({image, f32({4}), rstd}, {}, ErrorKind::kValue,
               "batch_norm_apply: argument 'mean': expected size 3")
      .invalid({image, c3, f32({1, 3})}, {}, ErrorKind::kValue,
               "batch_norm_apply: argument 'rstd': expected rank 1")
      .invalid({image, c3, rstd, f64({3})}, {}, ErrorKind::kType,
               "batch_norm_apply: argument 'weight': expected dtype float32")
      .invalid({image, c3, rstd, c3, c3, c3}, {}, ErrorKind::kValue,
               "batch_norm_apply: argument 'z': expected rank 4")
      .invalid({image, c3, rstd}, {{"activation", std::string("tanh")}}, ErrorKind::kValue,
               "batch_norm_apply: argument 'activation': expected identity, relu or relu6, got 'tanh'")
      .invalid({i64({4, 3, 2, 5}), c3, rstd}, {}, ErrorKind::kType,
               "batch_norm_apply: argument 'inp': expected a floating dtype");
}

}  // namespace miai::ops
