// batch_norm and its gradient. Both can be written as other operators, which is how gradients of any order
// follow.
#include "graph/ops/batch_norm.h"

#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"

namespace miai::ops {
namespace {

enum Input { kInp, kRunningMean, kRunningVar, kWeight, kBias };
enum Output { kOut, kNewMean, kNewVar, kMean, kRstd };
enum GradInput { kDy, kX, kGradWeight, kSavedMean, kSavedRstd };

Dim count_of(const Dims& image) {
  Dim count = image[0];
  for (int d = 2; d < image.size(); ++d) count = count * image[d];
  return count;
}

}  // namespace

void check_image(const InferContext& context, int i) {
  context.check_float(i);
  int rank = context.input(i).rank();
  if (rank != 2 && rank != 4)
    context.fail(ErrorKind::kValue, context.input_name(i),
                 "expected rank 2 (n, c) or 4 (n, c, h, w), got rank ", rank, " (shape ",
                 context.input(i).shape, ")");
}

void check_per_channel(const InferContext& context, int i, const TensorType& image) {
  DType dtype = statistics_dtype(image.dtype);
  if (context.input(i).dtype != dtype)
    context.fail(ErrorKind::kType, context.input_name(i), "expected dtype ", dtype, " for an input of dtype ",
                 image.dtype, ", got ", context.input(i).dtype);
  context.check_rank(i, 1);
  context.check_dim(i, 0, image.shape[1], "channels");
}

void check_summand(const InferContext& context, int i) {
  const Dims& shape = context.input(kInp).shape;
  context.check_same_dtype(kInp, i);
  context.check_rank(i, shape.size());
  for (int d = 0; d < shape.size(); ++d) context.check_dim(i, d, shape[d], "that of 'inp'");
}

void infer_batch_norm(InferContext& context, const BatchNormAttrs& attrs) {
  check_image(context, kInp);
  const TensorType& inp = context.input(kInp);
  for (int i : {kRunningMean, kRunningVar, kWeight, kBias})
    if (context.has(i)) check_per_channel(context, i, inp);
  if (context.has(kRunningMean) != context.has(kRunningVar))
    context.fail(ErrorKind::kType, context.has(kRunningMean) ? "running_var" : "running_mean",
                 "expected a tensor, since the other running statistic is given, got None");
  if (!attrs.training && !context.has(kRunningMean))
    context.fail(ErrorKind::kType, "running_mean", "expected a tensor when training is False, got None");
  if (attrs.training && count_of(inp.shape) == Dim(1))
    context.fail(ErrorKind::kValue, "inp",
                 "expected more than one element a channel when training, got shape ", inp.shape);
  if (!(attrs.eps >= 0))
    context.fail(ErrorKind::kValue, "eps", "expected a number of at least 0, got ", attrs.eps);
  context.output_like(kInp, inp.shape);
  for (int i = kNewMean; i <= kRstd; ++i)
    context.output(statistics_dtype(inp.dtype), {inp.shape[1]}, inp.device);
}

void infer_batch_norm_backward(InferContext& context) {
  check_image(context, kDy);
  const TensorType& dy = context.input(kDy);
  context.check_same_dtype(kDy, kX);
  context.check_rank(kX, dy.rank());
  for (int d = 0; d < dy.rank(); ++d) context.check_dim(kX, d, dy.shape[d], "that of 'dy'");
  for (int i : {kGradWeight, kSavedMean, kSavedRstd})
    if (context.has(i)) check_per_channel(context, i, dy);
  context.output_like(kDy, dy.shape);
  for (int i = 0; i < 2; ++i) context.output(statistics_dtype(dy.dtype), {dy.shape[1]}, dy.device);
}

// ---- as other operators ----

Var per_channel(const Var& x, const Var& image) {
  Dims shape(image.shape().size(), Dim(1));
  shape[1] = image.shape()[1];
  return reshape(x, shape);
}

namespace {

Ints reduced_axes(const Var& image) { return image.shape().size() == 2 ? Ints{0} : Ints{0, 2, 3}; }
Var channel_sum(const Var& image) { return sum(image, reduced_axes(image), false); }

/// Elements a channel, as a 0-d tensor: a sum of ones where the sizes are not known yet.
Var count_like(const Var& image, const Var& like) {
  Dim count = count_of(image.shape());
  if (count.is_static()) return scalar_like(like, static_cast<double>(count.value()));
  Dims ones = image.shape();
  ones[1] = 1;
  return sum(full(ones, 1, like.dtype(), like.type().device), std::nullopt, false);
}

Var channel_mean(const Var& image) { return channel_sum(image) / count_like(image, image); }

/// new = kept * momentum + batch * (1 - momentum); the batch's own if nothing was kept.
Var blend(const Var& kept, const Var& batch, double momentum) {
  return kept ? kept * momentum + batch * (1 - momentum) : batch;
}

}  // namespace

Vars lower_batch_norm(std::span<const Var> inputs, const BatchNormAttrs& a) {
  auto input = [&](size_t i) { return i < inputs.size() ? inputs[i] : Var(); };
  Var x = cast(inputs[kInp], statistics_dtype(inputs[kInp].dtype()));
  Var mean = input(kRunningMean), var = input(kRunningVar), new_mean = mean, new_var = var;
  if (a.training) {
    mean = channel_mean(x);
    var = channel_mean(square(x - per_channel(mean, x)));
    Var count = count_like(x, x);
    new_mean = blend(input(kRunningMean), mean, a.momentum);
    new_var = blend(input(kRunningVar), var * (count / (count - 1.0)), a.momentum);
  }
  Var rstd = 1.0 / sqrt(var + a.eps);
  Var out = (x - per_channel(mean, x)) * per_channel(rstd, x);
  if (input(kWeight)) out = out * per_channel(input(kWeight), x);
  if (input(kBias)) out = out + per_channel(input(kBias), x);
  return {cast(out, inputs[kInp].dtype()), new_mean, new_var, mean, rstd};
}

Vars lower_batch_norm_backward(std::span<const Var> inputs, const BatchNormGradAttrs& a) {
  DType wide = statistics_dtype(inputs[kDy].dtype());
  Var dy = cast(inputs[kDy], wide), x = cast(inputs[kX], wide);
  const Var &weight = inputs[kGradWeight], &rstd = inputs[kSavedRstd];
  Var normal = (x - per_channel(inputs[kSavedMean], x)) * per_channel(rstd, x);
  Var dweight = channel_sum(dy * normal), dbias = channel_sum(dy);
  Var centered = dy;
  if (a.training) {
    Var count = count_like(x, x);
    centered = dy - per_channel(dbias / count, x) - normal * per_channel(dweight / count, x);
  }
  Var dx = centered * per_channel(weight ? rstd * weight : rstd, x);
  return {cast(dx, inputs[kDy].dtype()), dweight, dbias};
}

// ---- gradient ----

namespace {

/// What reaches mean and variance when they are asked for themselves: by new running statistics, mean and
/// rstd.
struct StatisticsGrad {
  Var mean, var;
};

Var add(const Var& a, const Var& b) { return !a ? b : !b ? a : a + b; }

StatisticsGrad statistics_grad(GradContext& context, const BatchNormAttrs& a) {
  StatisticsGrad grad{context.grad(kMean), Var()};
  if (const Var& drstd = context.grad(kRstd)) {
    const Var& rstd = context.output(kRstd);
    grad.var = drstd * (-0.5) * rstd * rstd * rstd;
  }
  if (!a.training) return grad;
  double share = context.has_input(kRunningMean) ? 1 - a.momentum : 1;
  if (context.grad(kNewMean)) grad.mean = add(grad.mean, context.grad(kNewMean) * share);
  if (const Var& dvar = context.grad(kNewVar)) {
    Var count = count_like(context.input(kInp), dvar);
    grad.var = add(grad.var, dvar * share * (count / (count - 1.0)));
  }
  return grad;
}

/// The part of the input's gradient that comes through the statistics alone.
Var through_statistics(const StatisticsGrad& grad, const Var& inp, const Var& mean) {
  Var x = cast(inp, mean.dtype()), out;
  Var count = count_like(x, x);
  if (grad.mean) out = broadcast_to(per_channel(grad.mean / count, x), x.shape());
  if (grad.var) out = add(out, (x - per_channel(mean, x)) * per_channel(grad.var * (2.0 / count), x));
  return out ? cast(out, inp.dtype()) : out;
}

/// Gradients of the running statistics given.
void running_grads(GradContext& context, const BatchNormAttrs& a, const StatisticsGrad& own, const Var& dbias,
                   const Var& dweight, Vars& grads) {
  if (a.training) {
    if (context.needs(kRunningMean) && context.grad(kNewMean))
      grads[kRunningMean] = context.grad(kNewMean) * a.momentum;
    if (context.needs(kRunningVar) && context.grad(kNewVar))
      grads[kRunningVar] = context.grad(kNewVar) * a.momentum;
    return;
  }
  const Var& rstd = context.output(kRstd);
  bool scaled = context.has_input(kWeight);
  Var mean = add(own.mean, context.grad(kNewMean)), var = add(own.var, context.grad(kNewVar));
  if (dbias) {
    mean = add(mean, -(scaled ? dbias * rstd * context.input(kWeight) : dbias * rstd));
    Var shrunk = dweight * (-0.5) * rstd * rstd;
    var = add(var, scaled ? shrunk * context.input(kWeight) : shrunk);
  }
  if (context.needs(kRunningMean)) grads[kRunningMean] = mean;
  if (context.needs(kRunningVar)) grads[kRunningVar] = var;
}

Vars batch_norm_grad(GradContext& context) {
  const auto& a = context.attrs_as<BatchNormAttrs>();
  Vars grads(context.input_count()), parts(3);
  const Var &inp = context.input(kInp), &mean = context.output(kMean);
  if (context.grad(kOut)) {
    Var weight = context.has_input(kWeight) ? context.input(kWeight) : Var();
    Var inputs[] = {context.grad(kOut), inp, weight, mean, context.output(kRstd)};
    parts = emit(find_op("batch_norm_backward"), make_attrs(BatchNormGradAttrs{a.training}), inputs);
  }
  auto wants = [&](int i) { return context.has_input(i) && context.needs(i); };
  StatisticsGrad own = statistics_grad(context, a);
  if (wants(kInp)) {
    grads[kInp] = parts[0];
    if (a.training && (own.mean || own.var)) grads[kInp] = add(parts[0], through_statistics(own, inp, mean));
  }
  if (wants(kWeight)) grads[kWeight] = parts[1];
  if (wants(kBias)) grads[kBias] = parts[2];
  if (wants(kRunningMean) || wants(kRunningVar)) running_grads(context, a, own, parts[2], parts[1], grads);
  return grads;
}

constexpr const char* kDoc = R"(Normalises each channel by mean and variance, then scales and shifts it.

``out = (inp - mean) / sqrt(var + eps) * weight + bias``, with the batch's mean and (biased) variance when training,
else the running ones.

Args:
    inp: shape (n, c) or (n, c, h, w), floating dtype.
    running_mean: shape (c,); needed unless training. float32 for 16-bit inputs, as all of the following are.
    running_var: shape (c,); given together with ``running_mean``.
    weight: shape (c,), optional.
    bias: shape (c,), optional.
    training: use the batch's statistics, and blend them into the running ones.
    momentum: the share of the running statistics that is kept (PyTorch's momentum is the share that is replaced).
    eps: added to the variance.

Returns:
    out: shape of ``inp``.
    running_mean: shape (c,), the new running mean; the batch's own if none was given.
    running_var: shape (c,), the new running (unbiased) variance.

Raises:
    ValueError: wrong rank, channels that differ, or one element a channel when training.
    TypeError: integers, or running statistics missing when not training.

Example:
    >>> import miai as mi, miai.functional as F
    >>> F.batch_norm(mi.tensor([[1.0], [3.0]]), training=True, eps=0.0).tolist()
    [[-1.0], [1.0]]
)";

}  // namespace

void define_batch_norm(OpTable& table) {
  OpDef op;
  op.name = "batch_norm";
  op.doc = kDoc;
  op.inputs = {{"inp"},
               {"running_mean", Presence::kOptional},
               {"running_var", Presence::kOptional},
               {"weight", Presence::kOptional},
               {"bias", Presence::kOptional}};
  op.outputs = {{"out"}, {"running_mean"}, {"running_var"}, {"mean", true}, {"rstd", true}};
  op.attrs = &attrs_type<BatchNormAttrs>();
  op.infer = [](InferContext& context) { infer_batch_norm(context, context.attrs<BatchNormAttrs>()); };
  op.may_overwrite = {kInp};
  op.repeat = [](const Attrs& attrs) { return repeat_batch_norm({attrs.as<BatchNormAttrs>()}, kBias + 1); };
  op.lower = [](std::span<const Var> inputs, const Attrs& attrs) {
    return lower_batch_norm(inputs, attrs.as<BatchNormAttrs>());
  };
  table.add(std::move(op));

  OpDef backward;
  backward.name = "batch_norm_backward";
  backward.doc =
      "The gradient of batch_norm for inp, weight and bias, given the mean and 1 / sqrt(var + eps) it used.";
  backward.inputs = {{"dy"}, {"inp"}, {"weight", Presence::kOptional}, {"mean"}, {"rstd"}};
  backward.outputs = {{"dx"}, {"dweight"}, {"dbias"}};
  backward.attrs = &attrs_type<BatchNormGradAttrs>();
  backward.infer = infer_batch_norm_backward;
  backward.lower = [](std::span<const Var> inputs, const Attrs& attrs) {
    return lower_batch_norm_backward(inputs, attrs.as<BatchNormGradAttrs>());
  };
  backward.may_overwrite = {kDy, kX};
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_batch_norm_grad(GradTable& grads) {
  grads.add("batch_norm", {batch_norm_grad, {kInp, kWeight}, {kMean, kRstd}});
}

void define_batch_norm_samples(SampleTable& samples) {
  AttrList training = {{"training", true}};
  SampleTensor c3 = f32({3}), var = f32({3}).range(0.5, 2);
  SampleList& forward = samples.of("batch_norm");
  forward.tolerance = 1e-4;
  forward.valid({f32({4, 3, 2, 5}), c3, var, c3, c3})
      .valid({f32({4, 3, 2, 5}), c3, var, c3, c3}, training)
      .valid({f32({4, 3, 2, 5}), c3, var}, training)
      .valid({f32({4, 3, 2, 5}), std::nullopt, std::nullopt, c3, c3}, training)
      .valid({f32({4, 3, 2, 5}), c3, var, std::nullopt, c3}, training)
      .valid({f32({4, 3, 2, 5}), c3, var, c3}, {{"training", true}, {"momentum", 0.7}, {"eps", 1e-3}})
      .valid({f32({8, 3}), c3, var, c3, c3}, training)
      .valid({f32({8, 3}), c3, var})
      .valid({f32({1, 3, 5, 5}), c3, var, c3, c3}, training)
      .valid({f32({1, 3, 1, 1}), c3, var, c3, c3})
      .valid({f32({0, 3, 2, 2}), c3, var, c3, c3})
      .valid({f32({4, 3, 2, 5}).transposed(), c3, var, c3.sliced(), c3.sliced()}, training)
      .valid({f32({4, 3, 5, 7}).sliced(), c3, var.sliced(), c3, c3}, training)
      .valid({f64({4, 3, 2, 5}), f64({3}), f64({3}).range(0.5, 2), f64({3}), f64({3})}, training)
      .valid({f16({4, 3, 2, 5}), c3, var, c3, c3}, training)
      .valid({bf16({4, 3, 2, 5}), c3, var, c3, c3}, training)
      .invalid({f32({4, 3, 5}), c3, var}, training, ErrorKind::kValue,
               "batch_norm: argument 'inp': expected rank 2 (n, c) or 4 (n, c, h, w), got rank 3")
      .invalid({f32({4, 3, 2, 5}), f32({4}), var}, training, ErrorKind::kValue,
               "batch_norm: argument 'running_mean': expected size 3")
      .invalid({f32({4, 3, 2, 5}), c3, var, f32({1, 3, 1, 1})}, training, ErrorKind::kValue,
               "batch_norm: argument 'weight': expected rank 1")
      .invalid({f32({4, 3, 2, 5})}, {}, ErrorKind::kType,
               "batch_norm: argument 'running_mean': expected a tensor when training is False, got None")
      .invalid({f32({4, 3, 2, 5}), c3}, training, ErrorKind::kType, "batch_norm: argument 'running_var'")
      .invalid({f32({1, 3}), c3, var}, training, ErrorKind::kValue,
               "batch_norm: argument 'inp': expected more than one element a channel when training")
      .invalid({bf16({4, 3, 2, 5}), typed(DType::kBFloat16, {3}), var}, training, ErrorKind::kType,
               "batch_norm: argument 'running_mean': expected dtype float32 for an input of dtype bfloat16")
      .invalid({i64({4, 3, 2, 5}), c3, var}, training, ErrorKind::kType,
               "batch_norm: argument 'inp': expected a floating dtype")
      .invalid({f32({4, 3, 2, 5}), c3, var}, {{"eps", -1.0}}, ErrorKind::kValue,
               "batch_norm: argument 'eps'");

  SampleTensor dy = f32({4, 3, 2, 5}), rstd = f32({3}).range(0.5, 2);
  SampleList& backward = samples.of("batch_norm_backward");
  backward.tolerance = 1e-4;
  backward.valid({dy, dy, c3, c3, rstd}, training)
      .valid({dy, dy, c3, c3, rstd})
      .valid({dy, dy, std::nullopt, c3, rstd}, training)
      .valid({f32({8, 3}), f32({8, 3}), c3, c3, rstd}, training)
      .valid({f32({1, 3, 5, 5}), f32({1, 3, 5, 5}), c3, c3, rstd}, training)
      .valid({f32({0, 3, 2, 2}), f32({0, 3, 2, 2}), c3, c3, rstd})
      .valid({dy.transposed(), dy.sliced(), c3.sliced(), c3, rstd.sliced()}, training)
      .valid({dy.broadcast(), dy, c3, c3, rstd}, training)
      .valid({f64({4, 3, 2, 5}), f64({4, 3, 2, 5}), f64({3}), f64({3}), f64({3}).range(0.5, 2)}, training)
      .valid({bf16({4, 3, 2, 5}), bf16({4, 3, 2, 5}), c3, c3, rstd}, training)
      .invalid({dy, f32({4, 3, 2, 4}), c3, c3, rstd}, {}, ErrorKind::kValue,
               "batch_norm_backward: argument 'inp': expected size 5")
      .invalid({dy, f64({4, 3, 2, 5}), c3, c3, rstd}, {}, ErrorKind::kType,
               "batch_norm_backward: argument 'inp'")
      .invalid({dy, dy, c3, f32({4}), rstd}, {}, ErrorKind::kValue,
               "batch_norm_backward: argument 'mean': expected size 3")
      .invalid({f32({4, 3, 2}), dy, c3, c3, rstd}, {}, ErrorKind::kValue,
               "batch_norm_backward: argument 'dy'")
      .invalid({dy, dy, c3, c3}, {}, ErrorKind::kType, "batch_norm_backward: argument 'rstd': missing");
}

}  // namespace miai::ops
