// conv_transpose2d: the transpose of the linear map that a conv2d with the same attributes is.
#include "graph/ops/builders.h"
#include "graph/ops/conv_checks.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct ConvTranspose2dAttrs {
  Pair stride{1, 1}, padding{0, 0}, output_padding{0, 0}, dilation{1, 1};
  int64_t groups = 1;
  static auto fields() {
    using A = ConvTranspose2dAttrs;
    return std::tuple{field("stride", &A::stride, "of the convolution: what the image grows by"),
                      field("padding", &A::padding, "rows and columns cut off each side of the output"),
                      field("output_padding", &A::output_padding, "rows and columns added at its end"),
                      field("dilation", &A::dilation, "distance between the taps of the window"),
                      field("groups", &A::groups, "parts that channels are split into")};
  }
};

/// Height and width of the output.
Dims out_size(const ConvTranspose2dAttrs& a, const Dims& inp, const Dims& weight) {
  Dims size;
  for (int i = 0; i < 2; ++i)
    size.push_back((inp[2 + i] - 1) * Dim(a.stride[i]) - Dim(2 * a.padding[i]) +
                   (weight[2 + i] - 1) * Dim(a.dilation[i]) + Dim(a.output_padding[i] + 1));
  return size;
}

void check_output_padding(const InferContext& c, const ConvTranspose2dAttrs& a) {
  check_at_least(c, "output_padding", a.output_padding, 0);
  for (int i = 0; i < 2; ++i)
    if (a.output_padding[i] >= a.stride[i])
      c.fail(ErrorKind::kValue, "output_padding", "expected less than the stride of [", a.stride[0], ", ",
             a.stride[1], "], got [", a.output_padding[0], ", ", a.output_padding[1], "]");
}

void infer_conv_transpose2d(InferContext& c) {
  const auto& a = c.attrs<ConvTranspose2dAttrs>();
  c.check_rank(0, 4);
  c.check_rank(1, 4);
  c.check_float(0);
  c.check_same_dtype(0, 1);
  check_conv_attrs(c, conv2d_attrs(a));
  check_output_padding(c, a);
  check_not_empty(c, 0);
  check_not_empty(c, 1);
  const Dims &inp = c.input(0).shape, &weight = c.input(1).shape;
  check_divides(c, "weight", weight[0], a.groups);
  c.check_dim(1, 0, inp[1], "channels of 'inp'");
  Dim channels = weight[1] * Dim(a.groups);
  if (c.has(2)) {
    c.check_same_dtype(0, 2);
    c.check_rank(2, 1);
    c.check_dim(2, 0, channels, "output channels: those of 'weight' * groups");
  }
  Dims size = out_size(a, inp, weight);
  for (Dim d : size)
    if (d.is_static() && d.value() < 1)
      c.fail(ErrorKind::kValue, "padding", "leaves nothing of the output, whose size would be ", size);
  c.output_like(0, {inp[0], channels, size[0], size[1]});
}

Vars lower_conv_transpose2d(std::span<const Var> inputs, const Attrs& attrs) {
  static const OpDef& backward_data = find_op("conv2d_backward_data");
  const auto& a = attrs.as<ConvTranspose2dAttrs>();
  const Var &inp = inputs[0], &weight = inputs[1];
  Dims size = out_size(a, inp.shape(), weight.shape());
  Var out = emit1(backward_data, make_attrs(Conv2dGradAttrs{a.stride, a.padding, a.dilation, a.groups, size}),
                  {weight, inp});
  if (inputs.size() < 3 || !inputs[2]) return {out};
  return {out + reshape(inputs[2], {inputs[2].shape()[0], 1, 1})};
}

}  // namespace

void define_conv_transpose2d(OpTable& table) {
  OpDef op;
  op.name = "conv_transpose2d";
  op.doc =
      R"(Two-dimensional transposed convolution: the map from output to input of a conv2d, which makes images larger.

Zeiler et al., 2010. Not the inverse of conv2d: its gradient for the input.

Args:
    inp: shape (n, c, h, w), floating dtype; h and w at least 1.
    weight: shape (c, out / groups, kh, kw), dtype of ``inp``.
    bias: shape (out,), optional.
    stride: what the image grows by, one int or (height, width).
    padding: rows and columns cut off each side of the output.
    output_padding: rows and columns added at its end, less than the stride: a conv2d of that stride gives one
        size for several sizes of its input, and this says for which.
    dilation: distance between the taps of the window.
    groups: input and output channels are split into so many parts, each convolved by itself.

Returns:
    shape (n, out, oh, ow) with oh = (h - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1,
    and ow alike.

Raises:
    ValueError: wrong ranks, channels that do not fit or divide, an empty image or window, nothing left of the
        output.
    TypeError: integers, or dtypes that differ.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.conv_transpose2d(mi.tensor([[[[1.0, 2.0]]]]), F.ones((1, 1, 1, 2)), stride=2).tolist()
    [[[[1.0, 1.0, 2.0, 2.0]]]]
)";
  op.inputs = {{"inp"}, {"weight"}, {"bias", Presence::kOptional}};
  op.attrs = &attrs_type<ConvTranspose2dAttrs>();
  op.infer = infer_conv_transpose2d;
  op.lower = lower_conv_transpose2d;
  table.add(std::move(op));
}

void define_conv_transpose2d_samples(SampleTable& samples) {
  auto with = [](int64_t stride, int64_t padding, int64_t output_padding = 0, int64_t dilation = 1,
                 int64_t groups = 1) {
    return AttrList{{"stride", stride},
                    {"padding", padding},
                    {"output_padding", output_padding},
                    {"dilation", dilation},
                    {"groups", groups}};
  };
  const SampleTensor inp = f32({2, 3, 4, 5}), weight = f32({3, 4, 3, 3}), bias = f32({4});
  constexpr auto kValue = ErrorKind::kValue, kType = ErrorKind::kType;
  samples.of("conv_transpose2d")
      .valid({inp, weight})
      .valid({inp, weight, bias})
      .valid({inp, weight, bias}, with(2, 1, 1))
      .valid({inp, weight}, with(1, 2))
      .valid({inp, f32({3, 4, 2, 2}), bias}, with(2, 0))
      .valid({f32({1, 4, 3, 3}), f32({4, 3, 3, 3}), f32({6})}, with(2, 1, 0, 1, 2))
      .valid({f32({1, 4, 3, 4}), f32({4, 1, 3, 2})}, with(3, 1, 2, 2, 4))
      .valid({inp, f32({3, 2, 2, 3})}, {{"stride", Ints{2, 1}}, {"output_padding", Ints{1, 0}}})
      .valid({f32({1, 1, 1, 1}), f32({1, 1, 1, 1}), f32({1})})
      .valid({f32({0, 3, 4, 5}), weight, bias}, with(2, 1))
      .valid({f32({5, 3, 4, 2}).transposed(), f32({3, 4, 2, 2}).sliced(), f32({4}).sliced()}, with(2, 0))
      .valid({f64({2, 3, 4, 5}), f64({3, 4, 3, 3}), f64({4})}, with(2, 1, 1))
      .valid({f16({2, 3, 4, 5}), f16({3, 4, 3, 3}), f16({4})})
      .valid({bf16({2, 3, 4, 5}), bf16({3, 4, 3, 3}), bf16({4})})
      .invalid({f32({3, 4, 5}), weight}, {}, kValue,
               "conv_transpose2d: argument 'inp': expected rank 4, got rank 3 (shape [3, 4, 5])")
      .invalid(
          {inp, f32({4, 4, 3, 3})}, {}, kValue,
          "conv_transpose2d: argument 'weight': expected size 3 in dimension 0 (channels of 'inp'), got 4")
      .invalid({inp, weight, f32({3})}, {}, kValue, "conv_transpose2d: argument 'bias': expected size 4")
      .invalid(
          {inp, weight}, with(2, 0, 2), kValue,
          "conv_transpose2d: argument 'output_padding': expected less than the stride of [2, 2], got [2, 2]")
      .invalid(
          {inp, weight}, with(1, 3), kValue,
          "conv_transpose2d: argument 'padding': leaves nothing of the output, whose size would be [0, 1]")
      .invalid({inp, weight}, with(1, 0, 0, 1, 2), kValue,
               "conv_transpose2d: argument 'groups': expected a divisor of the 3 channels of 'weight', got 2")
      .invalid({f32({2, 3, 0, 5}), weight}, {}, kValue,
               "conv_transpose2d: argument 'inp': expected a height and width of at least 1")
      .invalid({inp, f32({3, 4, 0, 3})}, {}, kValue,
               "conv_transpose2d: argument 'weight': expected a height and width of at least 1")
      .invalid({inp, weight}, with(0, 0), kValue,
               "conv_transpose2d: argument 'stride': expected numbers from 1")
      .invalid({i64({2, 3, 4, 5}), i64({3, 4, 3, 3})}, {}, kType,
               "conv_transpose2d: argument 'inp': expected a floating dtype, got int64")
      .invalid({inp, f64({3, 4, 3, 3})}, {}, kType,
               "conv_transpose2d: argument 'weight': expected dtype float32 as 'inp' has, got float64");
}

}  // namespace miai::ops
