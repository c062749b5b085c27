// linear: rows times the transpose of a weight, plus a bias; and its fused form with an activation.
#include "kernels/common/attrs/activation.h"

#include "graph/ops/builders.h"
#include "graph/ops/fused_activation.h"
#include "graph/ops/tables.h"
#include "kernels/common/matmul_shape.h"

namespace miai::ops {
namespace {

void infer_linear(InferContext& context) {
  context.check_min_rank(0, 1);
  context.check_float(0);
  context.check_rank(1, 2);
  context.check_same_dtype(0, 1);
  const Dims& weight = context.input(1).shape;
  Dims out = context.input(0).shape;
  if (!dims_equal(out.back(), weight[1]))
    context.fail(ErrorKind::kValue, "inp", "expected size ", weight[1],
                 " in the last dimension (that of 'weight', "
                 "shape ",
                 weight, "), got ", out.back(), " (shape ", out, ")");
  out.back() = weight[0];
  if (context.has(2)) {
    context.check_same_dtype(0, 2);
    context.check_rank(2, 1);
    context.check_dim(2, 0, weight[0], "that of 'weight'");
  }
  context.output_like(0, out);
}

void infer_linear_bias_act(InferContext& context) {
  infer_linear(context);
  check_fused(context, context.attrs<ActivationAttrs>().activation);
}

Vars lower_linear(std::span<const Var> inputs, const Attrs&) {
  Var out = matmul(inputs[0], inputs[1], false, true);
  return {inputs.size() > 2 && inputs[2] ? out + inputs[2] : out};
}

Vars lower_linear_bias_act(std::span<const Var> inputs, const Attrs& attrs) {
  Var bias = inputs.size() > 2 ? inputs[2] : Var();
  Var out = emit1(find_op("linear"), {}, {inputs[0], inputs[1], bias});
  return {apply_fused(out, inputs.size() > 3 ? inputs[3] : Var(), attrs.as<ActivationAttrs>().activation)};
}

Vars linear_grad(GradContext& context) {
  const Var& dy = context.grad();
  Vars grads(context.input_count());
  if (context.needs(0)) grads[0] = matmul(dy, context.input(1));
  if (context.needs(1)) grads[1] = matmul(as_rows(dy), as_rows(context.input(0)), true, false);
  if (context.has_input(2) && context.needs(2)) grads[2] = sum_to(dy, context.input_type(2).shape);
  return grads;
}

Cost linear_cost(std::span<const TensorMeta> inputs, std::span<const TensorMeta> outputs, const Attrs&) {
  double out = outputs[0].size();
  return {2 * out * inputs[1].shape[1],
          1.0 * (byte_size(inputs[0]) + byte_size(inputs[1]) + byte_size(outputs[0]))};
}

constexpr const char* kDoc = R"(Applies a linear map to the last dimension: ``inp @ weight.T + bias``.

Args:
    inp: shape (..., in), floating dtype.
    weight: shape (out, in), dtype of ``inp``.
    bias: shape (out,), optional.

Returns:
    shape (..., out), dtype of ``inp``.

Raises:
    ValueError: sizes that do not fit; the message names both shapes.
    TypeError: integers, or dtypes that differ.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.linear(mi.tensor([1., 2.]), mi.tensor([[1., 0.], [0., 1.], [1., 1.]])).numpy().tolist()
    [1.0, 2.0, 3.0]
)";

}  // namespace

void define_linear(OpTable& table) {
  OpDef op;
  op.name = "linear";
  op.doc = kDoc;
  op.inputs = {{"inp"}, {"weight"}, {"bias", Presence::kOptional}};
  op.infer = infer_linear;
  op.lower = lower_linear;
  op.cost = linear_cost;
  table.add(std::move(op));

  OpDef fused;
  fused.name = "linear_bias_act";
  fused.doc = "activation(linear(inp, weight, bias) + z): what the fusion pass makes of its parts.";
  fused.inputs = {{"inp"}, {"weight"}, {"bias", Presence::kOptional}, {"z", Presence::kOptional}};
  fused.attrs = &attrs_type<ActivationAttrs>();
  fused.infer = infer_linear_bias_act;
  fused.lower = lower_linear_bias_act;
  fused.cost = linear_cost;
  fused.is_public = false;
  table.add(std::move(fused));
}

void define_linear_grad(GradTable& grads) { grads.add("linear", {linear_grad, {0, 1}, {}}); }

void define_linear_samples(SampleTable& samples) {
  samples.of("linear")
      .valid({f32({3, 4}), f32({5, 4})})
      .valid({f32({3, 4}), f32({5, 4}), f32({5})})
      .valid({f32({4}), f32({5, 4}), f32({5})})
      .valid({f32({2, 3, 4}), f32({5, 4}), f32({5})})
      .valid({f32({2, 3, 4}), f32({1, 4}), f32({1})})
      .valid({f32({0, 4}), f32({5, 4}), f32({5})})
      .valid({f32({3, 0}), f32({5, 0}), f32({5})})
      .valid({f32({4, 3}).transposed(), f32({5, 3}).sliced(), f32({5}).sliced()})
      .valid({f32({65, 33}), f32({17, 33}), f32({17})})
      .valid({f64({3, 4}), f64({5, 4}), f64({5})})
      .valid({f16({3, 4}), f16({5, 4}), f16({5})})
      .valid({bf16({3, 4}), bf16({5, 4}), bf16({5})})
      .invalid({f32({3, 4}), f32({5, 3})}, {}, ErrorKind::kValue, "linear: argument 'inp': expected size 3")
      .invalid({f32({3, 4}), f32({4})}, {}, ErrorKind::kValue,
               "linear: argument 'weight': expected rank 2, got rank 1")
      .invalid({f32({3, 4}), f32({5, 4}), f32({4})}, {}, ErrorKind::kValue,
               "linear: argument 'bias': expected size 5")
      .invalid({f32({3, 4}), f32({5, 4}), f32({1, 5})}, {}, ErrorKind::kValue,
               "linear: argument 'bias': expected rank 1")
      .invalid({i64({3, 4}), i64({5, 4})}, {}, ErrorKind::kType,
               "linear: argument 'inp': expected a floating dtype")
      .invalid({f32({3, 4}), f64({5, 4})}, {}, ErrorKind::kType,
               "linear: argument 'weight': expected dtype float32")
      .invalid({f32({3, 4})}, {}, ErrorKind::kType, "linear: argument 'weight': missing");
  samples.of("linear_bias_act")
      .valid({f32({3, 4}), f32({5, 4})})
      .valid({f32({3, 4}), f32({5, 4}), f32({5})}, {{"activation", std::string("relu")}})
      .valid({f32({3, 4}), f32({5, 4}), f32({5})}, {{"activation", std::string("sigmoid")}})
      .valid({f32({3, 4}), f32({5, 4}).range(2, 9), f32({5})}, {{"activation", std::string("relu6")}})
      .valid({f32({3, 4}), f32({5, 4}), std::nullopt, f32({3, 5})}, {{"activation", std::string("tanh")}})
      .valid({f32({3, 4}), f32({5, 4}), f32({5}), f32({3, 5})}, {{"activation", std::string("relu")}})
      .valid({f32({2, 3, 4}), f32({5, 4}), f32({5}), f32({2, 3, 5})}, {{"activation", std::string("relu")}})
      .valid({f32({3, 4}), f32({5, 4}), f32({5}), f32({3, 5})})
      .valid({f64({3, 4}), f64({5, 4}), f64({5})}, {{"activation", std::string("relu")}})
      .valid({bf16({3, 4}), bf16({5, 4}), bf16({5})}, {{"activation", std::string("relu")}})
      .valid({f32({0, 4}), f32({5, 4}), f32({5})}, {{"activation", std::string("relu")}})
      .invalid({f32({3, 4}), f32({5, 4})}, {{"activation", std::string("cube")}}, ErrorKind::kValue,
               "linear_bias_act: argument 'activation': expected identity, relu, relu6, sigmoid or tanh, got "
               "'cube'")
      .invalid({f32({3, 4}), f32({5, 4}), f32({5}), f32({3, 4})}, {}, ErrorKind::kValue,
               "linear_bias_act: argument 'z': expected shape [3, 5]")
      .invalid({f32({3, 4}), f32({5, 4}), f32({5}), f64({3, 5})}, {}, ErrorKind::kType,
               "linear_bias_act: argument 'z'")
      .invalid({f32({3, 4}), f32({5, 3})}, {}, ErrorKind::kValue, "linear_bias_act: argument 'inp'")
      .invalid({f32({3, 4}), f32({5, 4})}, {{"act", std::string("relu")}}, ErrorKind::kType,
               "linear_bias_act");
}

}  // namespace miai::ops
