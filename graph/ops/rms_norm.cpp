#include "kernels/common/attrs/rms_norm.h"

#include "graph/ops/normalized_axes.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/batch_norm.h"

namespace miai::ops {
namespace {

enum Input { kInp, kWeight };
enum Output { kOut, kRstd };

void infer_rms_norm(InferContext& c) {
  const auto& a = c.attrs<RmsNormAttrs>();
  Dims statistics = check_normalized(c, a.normalized_shape);
  if (c.has(kWeight)) check_parameter(c, kWeight, a.normalized_shape);
  if (a.eps) check_eps(c, *a.eps);
  c.output_like(kInp, c.input(kInp).shape);
  c.output(statistics_dtype(c.input(kInp).dtype), statistics, c.input(kInp).device);
}

double smallest_step(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return 0x1p-52;
    case DType::kFloat16:
      return 0x1p-10;
    case DType::kBFloat16:
      return 0x1p-7;
    default:
      return 0x1p-23;
  }
}

Vars lower_rms_norm(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<RmsNormAttrs>();
  DType dtype = inputs[kInp].dtype();
  Var x = cast(inputs[kInp], statistics_dtype(dtype));
  Var power = mean_over(square(x), last_axes(a.normalized_shape.size()));
  Var rstd = 1.0 / sqrt(power + a.eps.value_or(smallest_step(dtype)));
  Var out = x * rstd;
  if (inputs.size() > kWeight && inputs[kWeight]) out = out * inputs[kWeight];
  return {cast(out, dtype), rstd};
}

Vars rms_norm_grad(GradContext& c) {
  const Dims& normalized = c.attrs_as<RmsNormAttrs>().normalized_shape;
  const Var& rstd = c.output(kRstd);
  Var x = cast(c.input(kInp), rstd.dtype()), normal = x * rstd, dx;
  Vars grads(static_cast<size_t>(c.input_count()));
  if (c.grad(kOut)) {
    Var dy = cast(c.grad(kOut), rstd.dtype()), scaled = c.has_input(kWeight) ? dy * c.input(kWeight) : dy;
    dx = (scaled - normal * mean_over(scaled * normal, last_axes(normalized.size()))) * rstd;
    if (c.has_input(kWeight) && c.needs(kWeight)) grads[kWeight] = sum_to(dy * normal, normalized);
  }
  if (c.grad(kRstd)) {  // in gradients of second order
    Var part = normal * divide(-(c.grad(kRstd) * square(rstd)), element_count(normalized));
    dx = dx ? dx + part : part;
  }
  if (dx && c.needs(kInp)) grads[kInp] = cast(dx, c.input_type(kInp).dtype);
  return grads;
}

constexpr const char* kDoc =
    R"(Divides each sample by its root mean square over the last axes, then scales it (Zhang and Sennrich, 2019).

``out = inp / sqrt(mean(inp * inp) + eps) * weight``.

Args:
    inp: shape (..., *normalized_shape), floating dtype.
    weight: shape normalized_shape, optional. float32 for 16-bit inputs.
    normalized_shape: the sizes of the last axes; one int for the last axis alone.
    eps: None for the smallest step from 1 of the dtype of ``inp``.

Returns:
    shape of ``inp``.

Raises:
    ValueError: sizes that differ. TypeError: integers.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.rms_norm(mi.tensor([[2.0, -2.0]]), normalized_shape=2, eps=0.0).tolist()
    [[1.0, -1.0]]
)";

}  // namespace

void define_rms_norm(OpTable& table) {
  OpDef op;
  op.name = "rms_norm";
  op.doc = kDoc;
  op.inputs = {{"inp"}, {"weight", Presence::kOptional}};
  op.outputs = {{"out"}, {"rstd", true}};
  op.attrs = &attrs_type<RmsNormAttrs>();
  op.infer = infer_rms_norm;
  op.lower = lower_rms_norm;
  table.add(std::move(op));
}

void define_rms_norm_grad(GradTable& grads) {
  grads.add("rms_norm", {rms_norm_grad, {kInp, kWeight}, {kRstd}});
}

void define_rms_norm_samples(SampleTable& samples) {
  auto with = [](Ints sizes, double eps) { return AttrList{{"normalized_shape", sizes}, {"eps", eps}}; };
  AttrList five{{"normalized_shape", Ints{5}}};
  SampleTensor w = f32({5});
  SampleList& list = samples.of("rms_norm");
  list.tolerance = 1e-4;
  list.valid({f32({3, 5}), w}, five)
      .valid({f32({3, 5})}, {{"normalized_shape", int64_t{5}}})
      .valid({f32({3, 5}), w}, with({5}, 1e-3))
      .valid({f32({2, 3, 4, 5}), f32({4, 5})}, with({4, 5}, 1e-5))
      .valid({f32({5}), w}, five)
      .valid({f32({2, 131}), f32({131})}, with({131}, 0))
      .valid({f32({0, 5}), w}, five)
      .valid({f32({4, 5}).transposed(), w.sliced()}, five)
      .valid({f32({3, 4, 5}).sliced(), w}, five)
      .valid({f32({3, 5}).broadcast(), w}, five)
      .valid({f64({3, 5}), f64({5})}, five)
      .valid({f16({3, 5}), w}, with({5}, 1e-5))
      .valid({bf16({3, 5}), w}, with({5}, 1e-5))
      .invalid({f32({3, 5})}, with({4}, 0), ErrorKind::kValue,
               "rms_norm: argument 'normalized_shape': expected the last sizes of 'inp' (shape [3, 5])")
      .invalid({f32({3, 5})}, {}, ErrorKind::kValue,
               "rms_norm: argument 'normalized_shape': expected at least one size, got []")
      .invalid({f32({3, 5}), f32({4})}, five, ErrorKind::kValue,
               "rms_norm: argument 'weight': expected size 5 in dimension 0")
      .invalid({f32({3, 5}), f64({5})}, five, ErrorKind::kType,
               "rms_norm: argument 'weight': expected dtype float32")
      .invalid({i64({3, 5})}, five, ErrorKind::kType, "rms_norm: argument 'inp': expected a floating dtype")
      .invalid({f32({3, 5})}, with({5}, -1), ErrorKind::kValue,
               "rms_norm: argument 'eps': expected a number of at least 0");
}

}  // namespace miai::ops
