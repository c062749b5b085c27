// layer_norm and its gradient. Both can be written as other operators, which is how gradients of any order
// follow.
#include "kernels/common/attrs/layer_norm.h"

#include "graph/ops/normalized_axes.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/batch_norm.h"

namespace miai::ops {
namespace {

enum Input { kInp, kWeight, kBias };
enum Output { kOut, kMean, kRstd };
enum GradInput { kDy, kX, kGradWeight, kSavedMean, kSavedRstd };

void infer_layer_norm(InferContext& c) {
  const auto& a = c.attrs<LayerNormAttrs>();
  Dims statistics = check_normalized(c, a.normalized_shape);
  for (int i : {kWeight, kBias})
    if (c.has(i)) check_parameter(c, i, a.normalized_shape);
  check_eps(c, a.eps);
  c.output_like(kInp, c.input(kInp).shape);
  for (int i = 0; i < 2; ++i)
    c.output(statistics_dtype(c.input(kInp).dtype), statistics, c.input(kInp).device);
}

void infer_backward(InferContext& c) {
  const Dims& normalized = c.attrs<LayerNormGradAttrs>().normalized_shape;
  Dims statistics = check_normalized(c, normalized);
  const TensorType& dy = c.input(kDy);
  DType wide = statistics_dtype(dy.dtype);
  c.check_same_dtype(kDy, kX);
  c.check_rank(kX, dy.rank());
  for (int d = 0; d < dy.rank(); ++d) c.check_dim(kX, d, dy.shape[d], "that of 'dy'");
  if (c.has(kGradWeight)) check_parameter(c, kGradWeight, normalized);
  for (int i : {kSavedMean, kSavedRstd}) {
    c.check_rank(i, dy.rank());
    for (int d = 0; d < dy.rank(); ++d) c.check_dim(i, d, statistics[d], "one value a sample");
    if (c.input(i).dtype != wide)
      c.fail(ErrorKind::kType, c.input_name(i), "expected dtype ", wide, ", got ", c.input(i).dtype);
  }
  c.output_like(kDy, dy.shape);
  for (int i = 0; i < 2; ++i) c.output(wide, normalized, dy.device);
}

// ---- as other operators ----

Ints first_axes(int count) {
  Ints axes;
  for (int i = 0; i < count; ++i) axes.push_back(i);
  return axes;
}

Vars lower_layer_norm(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<LayerNormAttrs>();
  auto input = [&](size_t i) { return i < inputs.size() ? inputs[i] : Var(); };
  Ints axes = last_axes(a.normalized_shape.size());
  Var x = cast(inputs[kInp], statistics_dtype(inputs[kInp].dtype()));
  Var mean = mean_over(x, axes), centred = x - mean;
  Var rstd = 1.0 / sqrt(mean_over(square(centred), axes) + a.eps);
  Var out = centred * rstd;
  if (input(kWeight)) out = out * input(kWeight);
  if (input(kBias)) out = out + input(kBias);
  return {cast(out, inputs[kInp].dtype()), mean, rstd};
}

Vars lower_backward(std::span<const Var> inputs, const Attrs& attrs) {
  int count = attrs.as<LayerNormGradAttrs>().normalized_shape.size();
  Ints axes = last_axes(count), samples = first_axes(inputs[kDy].type().rank() - count);
  DType wide = statistics_dtype(inputs[kDy].dtype());
  Var dy = cast(inputs[kDy], wide), x = cast(inputs[kX], wide);
  const Var &weight = inputs[kGradWeight], &rstd = inputs[kSavedRstd];
  Var normal = (x - inputs[kSavedMean]) * rstd;
  Var scaled = weight ? dy * weight : dy;
  Var dx = (scaled - mean_over(scaled, axes) - normal * mean_over(scaled * normal, axes)) * rstd;
  return {cast(dx, inputs[kDy].dtype()), sum(dy * normal, samples, false), sum(dy, samples, false)};
}

// ---- gradient ----

/// What reaches the input through mean and rstd when they are used themselves, as in second order.
Var through_statistics(GradContext& c, const Var& x) {
  Dim count = element_count(c.attrs_as<LayerNormAttrs>().normalized_shape);
  const Var &mean = c.output(kMean), &rstd = c.output(kRstd);
  Var wide = cast(x, mean.dtype()), total;
  if (c.grad(kMean)) total = broadcast_to(divide(c.grad(kMean), count), wide.shape());
  if (c.grad(kRstd)) {
    Var part = (wide - mean) * divide(-(c.grad(kRstd) * rstd * rstd * rstd), count);
    total = total ? total + part : part;
  }
  return cast(total, x.dtype());
}

Vars layer_norm_grad(GradContext& c) {
  Vars grads(static_cast<size_t>(c.input_count()));
  auto wants = [&](int i) { return c.has_input(i) && c.needs(i); };
  if (c.grad(kOut)) {
    Var weight = c.has_input(kWeight) ? c.input(kWeight) : Var();
    Var inputs[] = {c.grad(kOut), c.input(kInp), weight, c.output(kMean), c.output(kRstd)};
    LayerNormGradAttrs attrs{c.attrs_as<LayerNormAttrs>().normalized_shape};
    Vars parts = emit(find_op("layer_norm_backward"), make_attrs(attrs), inputs);
    for (int i : {kInp, kWeight, kBias})
      if (wants(i)) grads[static_cast<size_t>(i)] = parts[static_cast<size_t>(i)];
  }
  if (wants(kInp) && (c.grad(kMean) || c.grad(kRstd))) {
    Var more = through_statistics(c, c.input(kInp));
    grads[kInp] = grads[kInp] ? grads[kInp] + more : more;
  }
  return grads;
}

constexpr const char* kDoc =
    R"(Normalises each sample over its last axes, then scales and shifts it (Ba et al., 2016).

``out = (inp - mean) / sqrt(var + eps) * weight + bias`` with the sample's mean and (biased) variance.

Args:
    inp: shape (..., *normalized_shape), floating dtype.
    weight: shape normalized_shape, optional. float32 for 16-bit inputs, as bias is.
    bias: shape normalized_shape, optional.
    normalized_shape: the sizes of the last axes; one int for the last axis alone.
    eps: added to the variance.

Returns:
    shape of ``inp``.

Raises:
    ValueError: sizes that differ. TypeError: integers.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.layer_norm(mi.tensor([[1.0, 3.0]]), normalized_shape=2, eps=0.0).tolist()
    [[-1.0, 1.0]]
)";

}  // namespace

void define_layer_norm(OpTable& table) {
  OpDef op;
  op.name = "layer_norm";
  op.doc = kDoc;
  op.inputs = {{"inp"}, {"weight", Presence::kOptional}, {"bias", Presence::kOptional}};
  op.outputs = {{"out"}, {"mean", true}, {"rstd", true}};
  op.attrs = &attrs_type<LayerNormAttrs>();
  op.infer = infer_layer_norm;
  op.lower = lower_layer_norm;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "layer_norm_backward";
  backward.doc =
      "The gradient of layer_norm for inp, weight and bias, given the mean and 1 / sqrt(var + eps) it used.";
  backward.inputs = {{"dy"}, {"inp"}, {"weight", Presence::kOptional}, {"mean"}, {"rstd"}};
  backward.outputs = {{"dx"}, {"dweight"}, {"dbias"}};
  backward.attrs = &attrs_type<LayerNormGradAttrs>();
  backward.infer = infer_backward;
  backward.lower = lower_backward;
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_layer_norm_grad(GradTable& grads) {
  grads.add("layer_norm", {layer_norm_grad, {kInp, kWeight}, {kMean, kRstd}});
}

void define_layer_norm_samples(SampleTable& samples) {
  auto shape = [](Ints sizes) { return AttrList{{"normalized_shape", sizes}}; };
  SampleTensor w = f32({5});
  SampleList& forward = samples.of("layer_norm");
  forward.tolerance = 1e-4;
  forward.valid({f32({3, 5}), w, w}, shape({5}))
      .valid({f32({3, 5})}, {{"normalized_shape", int64_t{5}}})
      .valid({f32({3, 5}), w}, shape({5}))
      .valid({f32({3, 5}), std::nullopt, w}, {{"normalized_shape", Ints{5}}, {"eps", 1e-3}})
      .valid({f32({2, 3, 4, 5}), f32({4, 5}), f32({4, 5})}, shape({4, 5}))
      .valid({f32({5}), w, w}, shape({5}))
      .valid({f32({2, 131}), f32({131}), f32({131})}, shape({131}))
      .valid({f32({0, 5}), w, w}, shape({5}))
      .valid({f32({4, 5}).transposed(), w.sliced(), w}, shape({5}))
      .valid({f32({3, 4, 5}).sliced(), w, w}, shape({5}))
      .valid({f64({3, 5}), f64({5}), f64({5})}, shape({5}))
      .valid({f16({3, 5}), w, w}, shape({5}))
      .valid({bf16({3, 5}), w, w}, shape({5}))
      .invalid({f32({3, 5})}, shape({4}), ErrorKind::kValue,
               "layer_norm: argument 'normalized_shape': expected the last sizes of 'inp' (shape [3, 5])")
      .invalid({f32({3, 5})}, {}, ErrorKind::kValue,
               "layer_norm: argument 'normalized_shape': expected at least one size, got []")
      .invalid({f32({3, 5}), f32({4})}, shape({5}), ErrorKind::kValue,
               "layer_norm: argument 'weight': expected size 5 in dimension 0")
      .invalid({f32({3, 5}), f64({5})}, shape({5}), ErrorKind::kType,
               "layer_norm: argument 'weight': expected dtype float32")
      .invalid({i64({3, 5})}, shape({5}), ErrorKind::kType,
               "layer_norm: argument 'inp': expected a floating dtype")
      .invalid({f32({3, 5})}, {{"normalized_shape", Ints{5}}, {"eps", -1.0}}, ErrorKind::kValue,
               "layer_norm: argument 'eps': expected a number of at least 0");

  SampleTensor x = f32({3, 5}), s = f32({3, 1}), r = s.range(0.5, 2);
  SampleList& backward = samples.of("layer_norm_backward");
  backward.tolerance = 1e-4;
  backward.valid({x, x, w, s, r}, shape({5}))
      .valid({x, x, std::nullopt, s, r}, shape({5}))
      .valid({f32({2, 3, 4, 5}), f32({2, 3, 4, 5}), f32({4, 5}), f32({2, 3, 1, 1}),
              f32({2, 3, 1, 1}).range(0.5, 2)},
             shape({4, 5}))
      .valid({f32({5}), f32({5}), w, f32({1}), f32({1}).range(0.5, 2)}, shape({5}))
      .valid({f32({300, 5}), f32({300, 5}), w, f32({300, 1}), f32({300, 1}).range(0.5, 2)}, shape({5}))
      .valid({f32({0, 5}), f32({0, 5}), w, f32({0, 1}), f32({0, 1})}, shape({5}))
      .valid({x.transposed(), x.sliced(), w.sliced(), s, r}, shape({5}))
      .valid({x.broadcast(), x, w, s, r}, shape({5}))
      .valid({f64({3, 5}), f64({3, 5}), f64({5}), f64({3, 1}), f64({3, 1}).range(0.5, 2)}, shape({5}))
      .valid({bf16({3, 5}), bf16({3, 5}), w, s, r}, shape({5}))
      .invalid({x, f32({3, 4}), w, s, r}, shape({5}), ErrorKind::kValue,
               "layer_norm_backward: argument 'inp': expected size 5")
      .invalid({x, f64({3, 5}), w, s, r}, shape({5}), ErrorKind::kType, "layer_norm_backward: argument 'inp'")
      .invalid({x, x, w, f32({3, 5}), r}, shape({5}), ErrorKind::kValue,
               "layer_norm_backward: argument 'mean': expected size 1 in dimension 1")
      .invalid({x, x, w, s}, shape({5}), ErrorKind::kType, "layer_norm_backward: argument 'rstd': missing")
      .invalid({x, x, w, s, r}, shape({4}), ErrorKind::kValue,
               "layer_norm_backward: argument 'normalized_shape'");
}

}  // namespace miai::ops
