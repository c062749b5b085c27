// conv2d, its two gradients (each expressed by the other two), and its fused form with an activation.
#include "kernels/common/attrs/conv2d.h"

#include "graph/ops/builders.h"
#include "graph/ops/conv_checks.h"
#include "graph/ops/fused_activation.h"
#include "graph/ops/tables.h"
#include "graph/ops/window.h"

namespace miai::ops {
namespace {

/// Output height and width; raises if the window does not fit into the padded input.
Dims conv_out_size(const InferContext& context, const Conv2dAttrs& attrs, Dim height, Dim width, Dim kh,
                   Dim kw, std::string_view window) {
  return {window_count(context, height, kh, attrs.stride[0], attrs.padding[0], attrs.dilation[0], window),
          window_count(context, width, kw, attrs.stride[1], attrs.padding[1], attrs.dilation[1], window)};
}

void infer_conv(InferContext& context, const Conv2dAttrs& attrs) {
  context.check_rank(0, 4);
  context.check_rank(1, 4);
  context.check_float(0);
  context.check_same_dtype(0, 1);
  check_conv_attrs(context, attrs);
  const Dims &inp = context.input(0).shape, &weight = context.input(1).shape;
  check_divides(context, "inp", inp[1], attrs.groups);
  check_divides(context, "weight", weight[0], attrs.groups);
  context.check_dim(1, 1, floor_div(inp[1], attrs.groups), "channels of 'inp' / groups");
  if (context.has(2)) {
    context.check_same_dtype(0, 2);
    context.check_rank(2, 1);
    context.check_dim(2, 0, weight[0], "output channels of 'weight'");
  }
  Dims size = conv_out_size(context, attrs, inp[2], inp[3], weight[2], weight[3], "weight");
  context.output_like(0, {inp[0], weight[0], size[0], size[1]});
}

void infer_conv2d(InferContext& context) { infer_conv(context, context.attrs<Conv2dAttrs>()); }

void infer_conv2d_bias_act(InferContext& context) {
  const auto& attrs = context.attrs<Conv2dActAttrs>();
  infer_conv(context, conv2d_attrs(attrs));
  check_fused(context, attrs.activation);
}

const Conv2dGradAttrs& check_grad_attrs(const InferContext& context) {
  const auto& attrs = context.attrs<Conv2dGradAttrs>();
  check_conv_attrs(context, conv2d_attrs(attrs));
  if (attrs.size.size() != 2)
    context.fail(ErrorKind::kValue, "size", "expected height and width, got ", attrs.size);
  context.check_rank(0, 4);
  context.check_rank(1, 4);
  context.check_float(0);
  context.check_same_dtype(0, 1);
  return attrs;
}

void infer_backward_data(InferContext& context) {  // weight, dy
  const auto& attrs = check_grad_attrs(context);
  const Dims &weight = context.input(0).shape, &dy = context.input(1).shape;
  check_divides(context, "weight", weight[0], attrs.groups);
  context.check_dim(1, 1, weight[0], "output channels of 'weight'");
  Dims size = conv_out_size(context, conv2d_attrs(attrs), attrs.size[0], attrs.size[1], weight[2], weight[3],
                            "weight");
  context.check_dim(1, 2, size[0], "height of the convolution's output");
  context.check_dim(1, 3, size[1], "width of the convolution's output");
  context.output_like(0, {dy[0], weight[1] * Dim(attrs.groups), attrs.size[0], attrs.size[1]});
}

void infer_backward_weight(InferContext& context) {  // inp, dy
  const auto& attrs = check_grad_attrs(context);
  const Dims &inp = context.input(0).shape, &dy = context.input(1).shape;
  check_divides(context, "inp", inp[1], attrs.groups);
  check_divides(context, "dy", dy[1], attrs.groups);
  context.check_dim(1, 0, inp[0], "batch of 'inp'");
  Dims size =
      conv_out_size(context, conv2d_attrs(attrs), inp[2], inp[3], attrs.size[0], attrs.size[1], "size");
  context.check_dim(1, 2, size[0], "height of the convolution's output");
  context.check_dim(1, 3, size[1], "width of the convolution's output");
  context.output_like(0, {dy[1], floor_div(inp[1], attrs.groups), attrs.size[0], attrs.size[1]});
}

// ---- gradients ----

template <class T>
Var conv_of(const Var& inp, const Var& weight, const T& attrs) {
  static const OpDef& op = find_op("conv2d");
  return emit1(op, make_attrs(conv2d_attrs(attrs)), {inp, weight, Var()});
}

template <class T>
Attrs grad_attrs(const T& a, const TensorType& like) {
  return make_attrs(
      Conv2dGradAttrs{a.stride, a.padding, a.dilation, a.groups, {like.shape[2], like.shape[3]}});
}

template <class T>
Var data_grad(const Var& weight, const Var& dy, const T& attrs, const TensorType& inp) {
  static const OpDef& op = find_op("conv2d_backward_data");
  return emit1(op, grad_attrs(attrs, inp), {weight, dy});
}

template <class T>
Var weight_grad(const Var& inp, const Var& dy, const T& attrs, const TensorType& weight) {
  static const OpDef& op = find_op("conv2d_backward_weight");
  return emit1(op, grad_attrs(attrs, weight), {inp, dy});
}

Vars conv2d_grad(GradContext& context) {
  const auto& attrs = context.attrs_as<Conv2dAttrs>();
  const Var& dy = context.grad();
  Vars grads(context.input_count());
  if (context.needs(0)) grads[0] = data_grad(context.input(1), dy, attrs, context.input_type(0));
  if (context.needs(1)) grads[1] = weight_grad(context.input(0), dy, attrs, context.input_type(1));
  if (context.has_input(2) && context.needs(2)) grads[2] = sum(dy, Ints{0, 2, 3}, false);
  return grads;
}

Vars backward_data_grad(GradContext& context) {  // weight, dy -> dx
  const auto& attrs = context.attrs_as<Conv2dGradAttrs>();
  const Var& g = context.grad();
  Vars grads(2);
  if (context.needs(0)) grads[0] = weight_grad(g, context.input(1), attrs, context.input_type(0));
  if (context.needs(1)) grads[1] = conv_of(g, context.input(0), attrs);
  return grads;
}

Vars backward_weight_grad(GradContext& context) {  // inp, dy -> dweight
  const auto& attrs = context.attrs_as<Conv2dGradAttrs>();
  const Var& g = context.grad();
  Vars grads(2);
  if (context.needs(0)) grads[0] = data_grad(g, context.input(1), attrs, context.input_type(0));
  if (context.needs(1)) grads[1] = conv_of(context.input(0), g, attrs);
  return grads;
}

Vars lower_conv2d_bias_act(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<Conv2dActAttrs>();
  Var bias = inputs.size() > 2 ? inputs[2] : Var();
  Var out = emit1(find_op("conv2d"), make_attrs(conv2d_attrs(a)), {inputs[0], inputs[1], bias});
  return {apply_fused(out, inputs.size() > 3 ? inputs[3] : Var(), a.activation)};
}

// ---- facts ----

Cost cost_of(const TensorMeta& inp, const TensorMeta& weight, const TensorMeta& out) {
  double taps = 1.0 * weight.shape[1] * weight.shape[2] * weight.shape[3];
  return {2 * taps * out.size(), 1.0 * (byte_size(inp) + byte_size(weight) + byte_size(out))};
}
Cost conv2d_cost(std::span<const TensorMeta> in, std::span<const TensorMeta> out, const Attrs&) {
  return cost_of(in[0], in[1], out[0]);
}
Cost backward_data_cost(std::span<const TensorMeta> in, std::span<const TensorMeta> out, const Attrs&) {
  return cost_of(out[0], in[0], in[1]);
}
Cost backward_weight_cost(std::span<const TensorMeta> in, std::span<const TensorMeta> out, const Attrs&) {
  return cost_of(in[0], out[0], in[1]);
}

constexpr const char* kDoc = R"(Two-dimensional convolution (cross-correlation) of images.

Args:
    inp: shape (n, c, h, w), floating dtype.
    weight: shape (out, c / groups, kh, kw), dtype of ``inp``.
    bias: shape (out,), optional.
    stride: step of the window, one int or (height, width).
    padding: zeros added on each side.
    dilation: distance between the taps of the window.
    groups: input and output channels are split into so many parts, each convolved by itself.

Returns:
    shape (n, out, oh, ow) with oh = (h + 2 * padding - dilation * (kh - 1) - 1) // stride + 1, and ow alike.

Raises:
    ValueError: wrong ranks, channels that do not fit or divide, a window larger than the padded image.
    TypeError: integers, or dtypes that differ.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.conv2d(F.ones((1, 1, 3, 3)), F.ones((1, 1, 2, 2))).numpy().tolist()
    [[[[4.0, 4.0], [4.0, 4.0]]]]
)";

OpDef conv_op(std::string name, std::vector<InputDef> inputs, void (*infer)(InferContext&)) {
  OpDef op;
  op.name = std::move(name);
  op.inputs = std::move(inputs);
  op.infer = infer;
  op.is_public = false;
  return op;
}

}  // namespace

void define_conv2d(OpTable& table) {
  OpDef op = conv_op("conv2d", {{"inp"}, {"weight"}, {"bias", Presence::kOptional}}, infer_conv2d);
  op.doc = kDoc;
  op.attrs = &attrs_type<Conv2dAttrs>();
  op.cost = conv2d_cost;
  op.is_public = true;
  table.add(std::move(op));

  OpDef data = conv_op("conv2d_backward_data", {{"weight"}, {"dy"}}, infer_backward_data);
  data.doc = "The gradient of conv2d for its input.";
  data.attrs = &attrs_type<Conv2dGradAttrs>();
  data.cost = backward_data_cost;
  table.add(std::move(data));

  OpDef weight = conv_op("conv2d_backward_weight", {{"inp"}, {"dy"}}, infer_backward_weight);
  weight.doc = "The gradient of conv2d for its weight.";
  weight.attrs = &attrs_type<Conv2dGradAttrs>();
  weight.cost = backward_weight_cost;
  table.add(std::move(weight));

  OpDef fused = conv_op("conv2d_bias_act",
                        {{"inp"}, {"weight"}, {"bias", Presence::kOptional}, {"z", Presence::kOptional}},
                        infer_conv2d_bias_act);
  fused.doc = "activation(conv2d(inp, weight, bias) + z): what the fusion pass makes of its parts.";
  fused.attrs = &attrs_type<Conv2dActAttrs>();
  fused.lower = lower_conv2d_bias_act;
  fused.cost = conv2d_cost;
  table.add(std::move(fused));
}

void define_conv2d_grad(GradTable& grads) {
  grads.add("conv2d", {conv2d_grad, {0, 1}, {}});
  grads.add("conv2d_backward_data", {backward_data_grad, {0, 1}, {}});
  grads.add("conv2d_backward_weight", {backward_weight_grad, {0, 1}, {}});
}

namespace {

AttrList windows(int64_t stride, int64_t padding, int64_t dilation = 1, int64_t groups = 1) {
  return {{"stride", stride}, {"padding", padding}, {"dilation", dilation}, {"groups", groups}};
}

AttrList with(AttrList list, std::string_view name, AttrValue value) {
  list.emplace_back(name, std::move(value));
  return list;
}

void conv2d_samples(SampleList& list) {
  list.valid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3})})
      .valid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3}), f32({4})}, windows(1, 1))
      .valid({f32({2, 3, 7, 6}), f32({4, 3, 3, 3}), f32({4})}, windows(2, 1))
      .valid({f32({1, 4, 7, 7}), f32({6, 2, 3, 3}), f32({6})}, windows(1, 1, 1, 2))
      .valid({f32({2, 4, 6, 5}), f32({4, 1, 3, 3})}, windows(1, 1, 1, 4))
      .valid({f32({2, 3, 9, 8}), f32({2, 3, 3, 2})}, windows(2, 2, 2))
      .valid({f32({2, 5, 4, 4}), f32({3, 5, 1, 1}), f32({3})})
      .valid({f32({2, 5, 5, 4}), f32({3, 5, 1, 1})}, windows(2, 0))
      .valid({f32({1, 1, 28, 28}), f32({16, 1, 3, 3})}, windows(1, 1))
      .valid({f32({1, 16, 8, 8}), f32({32, 16, 3, 3}), f32({32})}, windows(1, 1))
      .valid({f32({1, 3, 6, 7}), f32({2, 3, 1, 3})}, {{"stride", Ints{2, 1}}, {"padding", Ints{0, 1}}})
      .valid({f32({0, 3, 5, 5}), f32({4, 3, 3, 3}), f32({4})})
      .valid({f32({1, 3, 2, 2}), f32({4, 3, 3, 3})}, windows(1, 1))
      .valid({f32({5, 6, 3, 2}).transposed(), f32({4, 3, 2, 2}).sliced()}, windows(1, 0, 1, 2))
      .valid({f32({2, 3, 5, 5}).sliced(), f32({3, 3, 4, 4}).transposed(), f32({3}).sliced()}, windows(1, 1))
      .valid({f64({2, 3, 5, 6}), f64({4, 3, 3, 3}), f64({4})}, windows(1, 1))
      .valid({f16({2, 3, 5, 6}), f16({4, 3, 3, 3}), f16({4})})
      .valid({bf16({2, 3, 5, 6}), bf16({4, 3, 3, 3}), bf16({4})})
      .invalid({f32({3, 5, 6}), f32({4, 3, 3, 3})}, {}, ErrorKind::kValue,
               "conv2d: argument 'inp': expected rank 4, got rank 3 (shape [3, 5, 6])")
      .invalid({f32({2, 3, 5, 6}), f32({3, 3, 3})}, {}, ErrorKind::kValue,
               "conv2d: argument 'weight': expected rank 4, got rank 3 (shape [3, 3, 3])")
      .invalid(
          {f32({2, 3, 5, 6}), f32({4, 2, 3, 3})}, {}, ErrorKind::kValue,
          "conv2d: argument 'weight': expected size 3 in dimension 1 (channels of 'inp' / groups), got 2")
      .invalid(
          {f32({2, 3, 5, 6}), f32({4, 3, 7, 3})}, {}, ErrorKind::kValue,
          "conv2d: argument 'weight': expected a window of at most 5 (the input's size with padding), got 7")
      .invalid(
          {f32({2, 3, 5, 6}), f32({4, 3, 3, 3})}, windows(1, 0, 3), ErrorKind::kValue,
          "conv2d: argument 'weight': expected a window of at most 5 (the input's size with padding), got 7")
      .invalid({f32({2, 3, 5, 6}), f32({4, 3, 0, 3})}, {}, ErrorKind::kValue,
               "conv2d: argument 'weight': expected a window of at least 1 x 1")
      .invalid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3}), f32({3})}, {}, ErrorKind::kValue,
               "conv2d: argument 'bias': expected size 4")
      .invalid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3})}, windows(1, 0, 1, 2), ErrorKind::kValue,
               "conv2d: argument 'groups': expected a divisor of the 3 channels of 'inp', got 2")
      .invalid({f32({2, 4, 5, 6}), f32({3, 2, 3, 3})}, windows(1, 0, 1, 2), ErrorKind::kValue,
               "conv2d: argument 'groups': expected a divisor of the 3 channels of 'weight', got 2")
      .invalid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3})}, windows(1, -1), ErrorKind::kValue,
               "conv2d: argument 'padding': expected numbers from 0")
      .invalid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3})}, windows(0, 0), ErrorKind::kValue,
               "conv2d: argument 'stride': expected numbers from 1")
      .invalid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3})}, windows(1, 0, 1, 0), ErrorKind::kValue,
               "conv2d: argument 'groups': expected at least 1, got 0")
      .invalid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3})}, windows(1, int64_t{1} << 40), ErrorKind::kValue,
               "conv2d: argument 'padding'")
      .invalid({i64({2, 3, 5, 6}), i64({4, 3, 3, 3})}, {}, ErrorKind::kType,
               "conv2d: argument 'inp': expected a floating dtype, got int64")
      .invalid({f32({2, 3, 5, 6}), f64({4, 3, 3, 3})}, {}, ErrorKind::kType,
               "conv2d: argument 'weight': expected dtype float32 as 'inp' has, got float64")
      .invalid({f32({2, 3, 5, 6}), f32({4, 3, 3, 3})}, {{"strides", int64_t{1}}}, ErrorKind::kType, "conv2d");
}

void backward_samples(SampleList& data, SampleList& weight) {
  auto sized = [](AttrList list, int64_t height, int64_t width) {
    return with(list, "size", Ints{height, width});
  };
  data.valid({f32({4, 3, 3, 3}), f32({2, 4, 3, 4})}, sized({}, 5, 6))
      .valid({f32({4, 3, 3, 3}), f32({2, 4, 5, 6})}, sized(windows(1, 1), 5, 6))
      .valid({f32({4, 3, 3, 3}), f32({2, 4, 4, 3})}, sized(windows(2, 1), 7, 6))
      .valid({f32({4, 3, 3, 3}), f32({2, 4, 4, 3})}, sized(windows(2, 1), 8, 6))
      .valid({f32({6, 2, 3, 3}), f32({1, 6, 7, 7})}, sized(windows(1, 1, 1, 2), 7, 7))
      .valid({f32({2, 3, 3, 2}), f32({2, 2, 5, 5})}, sized(windows(2, 2, 2), 9, 8))
      .valid({f32({3, 5, 1, 1}), f32({2, 3, 4, 4})}, sized({}, 4, 4))
      .valid({f32({4, 3, 3, 3}), f32({0, 4, 3, 4})}, sized({}, 5, 6))
      .valid({f32({4, 3, 2, 2}).sliced(), f32({3, 4, 4, 2}).transposed()}, sized({}, 5, 3))
      .valid({f64({4, 3, 3, 3}), f64({2, 4, 3, 4})}, sized({}, 5, 6))
      .valid({bf16({4, 3, 3, 3}), bf16({2, 4, 3, 4})}, sized({}, 5, 6))
      .invalid({f32({4, 3, 3, 3}), f32({2, 5, 3, 4})}, sized({}, 5, 6), ErrorKind::kValue,
               "conv2d_backward_data: argument 'dy': expected size 4")
      .invalid({f32({4, 3, 3, 3}), f32({2, 4, 4, 4})}, sized({}, 5, 6), ErrorKind::kValue,
               "conv2d_backward_data: argument 'dy': expected size 3")
      .invalid({f32({4, 3, 3, 3}), f32({2, 4, 3, 4})}, {}, ErrorKind::kValue,
               "conv2d_backward_data: argument 'size': expected height and width, got []")
      .invalid({f32({4, 3, 3}), f32({2, 4, 3, 4})}, sized({}, 5, 6), ErrorKind::kValue,
               "conv2d_backward_data: argument 'weight': expected rank 4")
      .invalid({f32({4, 3, 3, 3}), f64({2, 4, 3, 4})}, sized({}, 5, 6), ErrorKind::kType,
               "conv2d_backward_data: argument 'dy': expected dtype float32");
  weight.valid({f32({2, 3, 5, 6}), f32({2, 4, 3, 4})}, sized({}, 3, 3))
      .valid({f32({2, 3, 5, 6}), f32({2, 4, 5, 6})}, sized(windows(1, 1), 3, 3))
      .valid({f32({2, 3, 7, 6}), f32({2, 4, 4, 3})}, sized(windows(2, 1), 3, 3))
      .valid({f32({1, 4, 7, 7}), f32({1, 6, 7, 7})}, sized(windows(1, 1, 1, 2), 3, 3))
      .valid({f32({2, 4, 6, 5}), f32({2, 4, 6, 5})}, sized(windows(1, 1, 1, 4), 3, 3))
      .valid({f32({2, 3, 9, 8}), f32({2, 2, 5, 5})}, sized(windows(2, 2, 2), 3, 2))
      .valid({f32({2, 5, 4, 4}), f32({2, 3, 4, 4})}, sized({}, 1, 1))
      .valid({f32({0, 3, 5, 6}), f32({0, 4, 3, 4})}, sized({}, 3, 3))
      .valid({f32({2, 3, 5, 6}).sliced(), f32({2, 4, 3, 4}).transposed()}, sized({}, 3, 3))
      .valid({f64({2, 3, 5, 6}), f64({2, 4, 3, 4})}, sized({}, 3, 3))
      .valid({bf16({2, 3, 5, 6}), bf16({2, 4, 3, 4})}, sized({}, 3, 3))
      .invalid({f32({2, 3, 5, 6}), f32({1, 4, 3, 4})}, sized({}, 3, 3), ErrorKind::kValue,
               "conv2d_backward_weight: argument 'dy': expected size 2")
      .invalid({f32({2, 3, 5, 6}), f32({2, 4, 3, 4})}, sized({}, 7, 3), ErrorKind::kValue,
               "conv2d_backward_weight: argument 'size': expected a window of at most 5")
      .invalid({f32({2, 3, 5, 6}), f32({2, 4, 3, 4})}, sized(windows(1, 0, 1, 2), 3, 3), ErrorKind::kValue,
               "conv2d_backward_weight: argument 'groups': expected a divisor of the 3 channels of 'inp'")
      .invalid({f32({2, 3, 5, 6}), f32({2, 4, 3})}, sized({}, 3, 3), ErrorKind::kValue,
               "conv2d_backward_weight: argument 'dy': expected rank 4")
      .invalid({i64({2, 3, 5, 6}), i64({2, 4, 3, 4})}, sized({}, 3, 3), ErrorKind::kType,
               "conv2d_backward_weight: argument 'inp': expected a floating dtype");
}

void fused_samples(SampleList& list) {
  auto act = [](const char* name, AttrList base = {}) { return with(base, "activation", std::string(name)); };
  SampleTensor inp = f32({2, 3, 5, 6}), weight = f32({4, 3, 3, 3}), bias = f32({4}), z = f32({2, 4, 3, 4});
  list.valid({inp, weight})
      .valid({inp, weight, bias}, act("relu"))
      .valid({inp, weight, bias}, act("sigmoid"))
      .valid({inp, weight, bias}, act("relu6"))
      .valid({inp, weight, std::nullopt, z}, act("tanh"))
      .valid({inp, weight, bias, z}, act("relu"))
      .valid({inp, weight, bias, z})
      .valid({inp, weight, bias, f32({2, 4, 5, 6})}, act("relu", windows(1, 1)))
      .valid({f32({1, 4, 7, 7}), f32({6, 2, 3, 3}), f32({6})}, act("relu", windows(1, 1, 1, 2)))
      .valid({f64({2, 3, 5, 6}), f64({4, 3, 3, 3}), f64({4}), f64({2, 4, 3, 4})}, act("relu"))
      .valid({bf16({2, 3, 5, 6}), bf16({4, 3, 3, 3}), bf16({4})}, act("relu"))
      .valid({f32({0, 3, 5, 6}), weight, bias}, act("relu"))
      .invalid({inp, weight, bias}, act("cube"), ErrorKind::kValue,
               "conv2d_bias_act: argument 'activation': expected identity, relu, relu6, sigmoid or tanh, got "
               "'cube'")
      .invalid(
          {inp, weight, bias, f32({2, 4, 3, 5})}, {}, ErrorKind::kValue,
          "conv2d_bias_act: argument 'z': expected shape [2, 4, 3, 4] as the output has, got [2, 4, 3, 5]")
      .invalid({inp, weight, bias, f64({2, 4, 3, 4})}, {}, ErrorKind::kType, "conv2d_bias_act: argument 'z'")
      .invalid({inp, f32({4, 2, 3, 3})}, {}, ErrorKind::kValue, "conv2d_bias_act: argument 'weight'")
      .invalid({inp, weight}, {{"activation", int64_t{1}}}, ErrorKind::kType, "activation");
}

}  // namespace

void define_conv2d_samples(SampleTable& samples) {
  conv2d_samples(samples.of("conv2d"));
  backward_samples(samples.of("conv2d_backward_data"), samples.of("conv2d_backward_weight"));
  fused_samples(samples.of("conv2d_bias_act"));
}

}  // namespace miai::ops
