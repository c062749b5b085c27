// group_norm and instance_norm: layer norms of parts of each sample, which is how they are lowered.
#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/batch_norm.h"
#include "kernels/common/attrs/layer_norm.h"

namespace miai::ops {
namespace {

enum Input { kInp, kWeight, kBias };

struct GroupNormAttrs {
  int64_t num_groups = 1;
  double eps = 1e-5;
  static auto fields() {
    return std::tuple{field("num_groups", &GroupNormAttrs::num_groups, "parts that channels are split into"),
                      field("eps", &GroupNormAttrs::eps, "added to the variance")};
  }
};
struct InstanceNormAttrs {
  double eps = 1e-5;
  static auto fields() { return std::tuple{field("eps", &InstanceNormAttrs::eps, "added to the variance")}; }
};

void infer_channels(InferContext& c, int least_rank, double eps) {
  c.check_float(kInp);
  c.check_min_rank(kInp, least_rank);
  const TensorType& inp = c.input(kInp);
  DType dtype = statistics_dtype(inp.dtype);
  for (int i : {kWeight, kBias}) {
    if (!c.has(i)) continue;
    if (c.input(i).dtype != dtype)
      c.fail(ErrorKind::kType, c.input_name(i), "expected dtype ", dtype, " for an input of dtype ",
             inp.dtype, ", got ", c.input(i).dtype);
    c.check_rank(i, 1);
    c.check_dim(i, 0, inp.shape[1], "channels");
  }
  if (!(eps >= 0)) c.fail(ErrorKind::kValue, "eps", "expected a number of at least 0, got ", eps);
  c.output_like(kInp, inp.shape);
}

void infer_group_norm(InferContext& c) {
  const auto& a = c.attrs<GroupNormAttrs>();
  infer_channels(c, 2, a.eps);
  Dim channels = c.input(kInp).shape[1];
  if (a.num_groups < 1 || !dims_equal(floor_div(channels, a.num_groups) * Dim(a.num_groups), channels))
    c.fail(ErrorKind::kValue, "num_groups", "expected a divisor of the channels (", channels, "), got ",
           a.num_groups);
}

/// Values per channel as a shape that broadcasts with the input.
Var per_channel(const Var& x, const Dims& shape) {
  Dims wide(shape.size() - 1, Dim(1));
  wide[0] = shape[1];
  return reshape(x, wide);
}

Var normalize(std::span<const Var> inputs, Dim groups, double eps) {
  auto input = [&](size_t i) { return i < inputs.size() ? inputs[i] : Var(); };
  Dims shape = inputs[kInp].shape();
  Var x = cast(inputs[kInp], statistics_dtype(inputs[kInp].dtype()));
  Dim part = floor_div(shape[1], groups);
  for (int d = 2; d < shape.size(); ++d) part = part * shape[d];
  if (!(part == Dim(0))) {
    Attrs attrs = make_attrs(LayerNormAttrs{{part}, eps});
    x = reshape(emit1(find_op("layer_norm"), attrs, {reshape(x, {shape[0], groups, part})}), shape);
  }
  if (input(kWeight)) x = x * per_channel(inputs[kWeight], shape);
  if (input(kBias)) x = x + per_channel(inputs[kBias], shape);
  return cast(x, inputs[kInp].dtype());
}

OpDef channel_norm(std::string name, std::string doc) {
  OpDef op;
  op.name = std::move(name);
  op.doc = std::move(doc);
  op.inputs = {{"inp"}, {"weight", Presence::kOptional}, {"bias", Presence::kOptional}};
  return op;
}

constexpr const char* kGroupDoc =
    R"(Normalises each sample's groups of channels, then scales and shifts each channel (Wu and He, 2018).

Args:
    inp: shape (n, channels, ...), floating dtype.
    weight: shape (channels,), optional. float32 for 16-bit inputs, as bias is.
    bias: shape (channels,), optional.
    num_groups: parts that channels are split into, each normalised alone.
    eps: added to the variance.

Returns:
    shape of ``inp``.

Raises:
    ValueError: sizes that differ, groups that do not divide the channels. TypeError: integers.

Example:
    >>> import miai as mi, miai.functional as F
    >>> F.group_norm(mi.tensor([[1.0, 3.0, 5.0, 7.0]]), 2, eps=0.0).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
)";

constexpr const char* kInstanceDoc =
    R"(Normalises each channel of each sample, then scales and shifts it (Ulyanov et al., 2016).

Args:
    inp: shape (n, channels, ...) of rank 3 or more, floating dtype.
    weight: shape (channels,), optional. float32 for 16-bit inputs, as bias is.
    bias: shape (channels,), optional.
    eps: added to the variance.

Returns:
    shape of ``inp``.

Raises:
    ValueError: sizes that differ. TypeError: integers.

Example:
    >>> import miai as mi, miai.functional as F
    >>> F.instance_norm(mi.tensor([[[1.0, 3.0]]]), eps=0.0).tolist()
    [[[-1.0, 1.0]]]
)";

}  // namespace

void define_group_norm(OpTable& table) {
  OpDef group = channel_norm("group_norm", kGroupDoc);
  group.attrs = &attrs_type<GroupNormAttrs>();
  group.infer = infer_group_norm;
  group.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    const auto& a = attrs.as<GroupNormAttrs>();
    return {normalize(inputs, a.num_groups, a.eps)};
  };
  table.add(std::move(group));

  OpDef instance = channel_norm("instance_norm", kInstanceDoc);
  instance.attrs = &attrs_type<InstanceNormAttrs>();
  instance.infer = [](InferContext& c) { infer_channels(c, 3, c.attrs<InstanceNormAttrs>().eps); };
  instance.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    return {normalize(inputs, inputs[kInp].shape()[1], attrs.as<InstanceNormAttrs>().eps)};
  };
  table.add(std::move(instance));
}

void define_group_norm_samples(SampleTable& samples) {
  SampleTensor w = f32({4});
  for (bool grouped : {true, false}) {
    auto attrs = [&](int64_t groups, double eps = 1e-5) {
      return grouped ? AttrList{{"num_groups", groups}, {"eps", eps}} : AttrList{{"eps", eps}};
    };
    std::string name = grouped ? "group_norm" : "instance_norm";
    SampleList& list = samples.of(name);
    list.tolerance = 1e-4;
    list.valid({f32({2, 4, 3, 5}), w, w}, attrs(2))
        .valid({f32({2, 4, 3, 5}), w}, attrs(4))
        .valid({f32({2, 4, 3, 5}), std::nullopt, w}, attrs(1, 1e-3))
        .valid({f32({2, 4, 7})}, attrs(2))
        .valid({f32({2, 4, 3, 2, 2}), w, w}, attrs(2))
        .valid({f32({1, 1, 9}), f32({1}), f32({1})}, attrs(1))
        .valid({f32({0, 4, 3}), w, w}, attrs(2))
        .valid({f32({2, 4, 0}), w, w}, attrs(2))
        .valid({f32({2, 4, 3, 5}).transposed(), w.sliced(), w.sliced()}, attrs(2))
        .valid({f32({2, 4, 3, 5}).sliced(), w, w}, attrs(2))
        .valid({f64({2, 4, 3, 5}), f64({4}), f64({4})}, attrs(2))
        .valid({f16({2, 4, 3, 5}), w, w}, attrs(2))
        .valid({bf16({2, 4, 3, 5}), w, w}, attrs(2))
        .invalid({i64({2, 4, 3})}, attrs(2), ErrorKind::kType,
                 name + ": argument 'inp': expected a floating dtype")
        .invalid({f32({4})}, attrs(2), ErrorKind::kValue, name + ": argument 'inp': expected rank at least")
        .invalid({f32({2, 4, 3}), f32({3})}, attrs(2), ErrorKind::kValue,
                 name + ": argument 'weight': expected size 4 in dimension 0")
        .invalid({f32({2, 4, 3}), w, f64({4})}, attrs(2), ErrorKind::kType,
                 name + ": argument 'bias': expected dtype float32")
        .invalid({f32({2, 4, 3})}, attrs(2, -1), ErrorKind::kValue,
                 name + ": argument 'eps': expected a number of at least 0");
  }
  samples.of("group_norm")
      .invalid({f32({2, 4, 3})}, {{"num_groups", int64_t{3}}}, ErrorKind::kValue,
               "group_norm: argument 'num_groups': expected a divisor of the channels (4), got 3")
      .invalid({f32({2, 4, 3})}, {{"num_groups", int64_t{0}}}, ErrorKind::kValue,
               "group_norm: argument 'num_groups': expected a divisor");
}

}  // namespace miai::ops
