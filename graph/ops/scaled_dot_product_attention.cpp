// Attention, and its weights alone (for dropout between them and the values); both are composites.
#include "kernels/common/attrs/attention.h"

#include <cmath>
#include <limits>

#include "graph/ops/broadcast_checks.h"
#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/create.h"
#include "kernels/common/attrs/softmax.h"

namespace miai::ops {
namespace {

enum WeightsInput { kQuery, kKey, kMask };
enum AttentionInput { kValue = 2, kAttentionMask };

/// Checks that input i is (..., keys or queries, features) beside the query.
void check_beside_query(const InferContext& c, int i) {
  const Dims& query = c.input(kQuery).shape;
  c.check_same_dtype(kQuery, i);
  c.check_rank(i, query.size());
  for (int d = 0; d + 2 < query.size(); ++d) c.check_dim(i, d, query[d], "that of 'query'");
}

void check_mask(const InferContext& c, int i, const Dims& weights) {
  if (!c.has(i)) return;
  const TensorType& mask = c.input(i);
  if (mask.dtype != DType::kBool && mask.dtype != c.input(kQuery).dtype)
    c.fail(ErrorKind::kType, c.input_name(i), "expected dtype bool or ", c.input(kQuery).dtype, ", got ",
           mask.dtype);
  check_broadcasts_to(c, i, weights);
}

/// Checks query, key and mask; gives (..., queries, keys).
Dims check_weights(const InferContext& c, int mask) {
  c.check_float(kQuery);
  c.check_min_rank(kQuery, 2);
  check_beside_query(c, kKey);
  Dims shape = c.input(kQuery).shape;
  c.check_dim(kKey, shape.size() - 1, shape.back(), "features of 'query'");
  shape.back() = c.input(kKey).shape[shape.size() - 2];
  check_mask(c, mask, shape);
  return shape;
}

void infer_weights(InferContext& c) { c.output_like(kQuery, check_weights(c, kMask)); }

void infer_attention(InferContext& c) {
  Dims weights = check_weights(c, kAttentionMask), out = weights;
  check_beside_query(c, kValue);
  c.check_dim(kValue, out.size() - 2, weights.back(), "keys");
  out.back() = c.input(kValue).shape.back();
  c.output_like(kQuery, out);
  c.output_like(kQuery, weights);
}

// ---- as other operators ----

Var scaled(const Var& x, const Var& query, const Attrs& attrs) {
  const auto& scale = attrs.as<AttentionAttrs>().scale;
  if (scale) return x * *scale;
  Dim features = query.shape().back();
  if (features.is_static()) return x / std::sqrt(std::max(1.0, static_cast<double>(features.value())));
  return x / sqrt(cast(dim_value(features, x.type().device), x.dtype()));
}

/// True where a key is no later than the query.
Var causal_mask(const Dims& weights, Device device) {
  auto numbers = [&](const Dims& shape) {
    return emit1(find_op("iota"), make_attrs(IotaAttrs{shape, DType::kInt64, device}), {});
  };
  return less_equal(numbers({1, weights.back()}), numbers({weights[weights.size() - 2], 1}));
}

Var softmax_of_last(const Var& x) {
  static const OpDef& op = find_op("softmax");
  return emit1(op, make_attrs(SoftmaxAttrs{-1}), {x});
}

/// Softmax, and zeros in rows whose every key is masked.
Var masked_softmax(const Var& scores) {
  Var dead =
      equal(max(scores, Ints{-1}, true), scalar_like(scores, -std::numeric_limits<double>::infinity()));
  Var zero = scalar_like(scores, 0);
  return where(dead, zero, softmax_of_last(where(dead, zero, scores)));
}

/// The scores, -inf where the mask is false; or with the mask added.
Var masked(const Var& scores, const Var& mask) {
  if (mask.dtype() != DType::kBool) return scores + mask;
  return where(mask, scores, scalar_like(scores, -std::numeric_limits<double>::infinity()));
}

Vars lower_weights(std::span<const Var> inputs, const Attrs& attrs) {
  Var scores = matmul(scaled(inputs[kQuery], inputs[kQuery], attrs), inputs[kKey], false, true);
  bool has_mask = inputs.size() > kMask && inputs[kMask];
  if (attrs.as<AttentionAttrs>().is_causal)
    scores = masked(scores, causal_mask(scores.shape(), scores.type().device));
  if (has_mask) scores = masked(scores, inputs[kMask]);
  bool may_be_dead = has_mask && !(scores.shape().back() == Dim(0));
  return {may_be_dead ? masked_softmax(scores) : softmax_of_last(scores)};
}

Vars lower_attention(std::span<const Var> inputs, const Attrs& attrs) {
  Var mask = inputs.size() > kAttentionMask ? inputs[kAttentionMask] : Var();
  Var weights = emit1(find_op("attention_weights"), attrs, {inputs[kQuery], inputs[kKey], mask});
  return {matmul(weights, inputs[kValue]), weights};
}

// ---- gradient ----

/// Of query, key and mask, for the gradient of the weights.
Vars weights_gradient(const GradContext& c, const Var& weights, const Var& dweights, int mask) {
  const Var &query = c.input(kQuery), &key = c.input(kKey);
  Var weighted = dweights * weights;
  Var scores = weighted - weights * sum(weighted, Ints{-1}, true);
  Vars grads(3);
  if (c.needs(kQuery)) grads[kQuery] = scaled(matmul(scores, key), query, c.attrs);
  if (c.needs(kKey)) grads[kKey] = scaled(matmul(scores, query, true, false), query, c.attrs);
  if (c.has_input(mask) && c.needs(mask)) grads[kMask] = sum_to(scores, c.input_type(mask).shape);
  return grads;
}

Vars weights_grad(GradContext& c) {
  Vars grads = weights_gradient(c, c.output(0), c.grad(), kMask);
  grads.resize(static_cast<size_t>(c.input_count()));
  return grads;
}

Vars attention_grad(GradContext& c) {
  const Var &weights = c.output(1), &value = c.input(kValue), &dy = c.grad(0);
  Var dweights = dy ? matmul(dy, value, false, true) : Var();
  if (c.grad(1)) dweights = dweights ? dweights + c.grad(1) : c.grad(1);
  Vars grads = weights_gradient(c, weights, dweights, kAttentionMask);
  grads.insert(grads.begin() + kValue, dy && c.needs(kValue) ? matmul(weights, dy, true, false) : Var());
  grads.resize(static_cast<size_t>(c.input_count()));
  return grads;
}

constexpr const char* kDoc =
    R"(softmax(query @ key.T * scale + attn_mask) @ value (Vaswani et al., 2017).

Args:
    query: shape (..., queries, features), floating dtype, of all tensors.
    key: shape (..., keys, features).
    value: shape (..., keys, out).
    attn_mask: broadcasts to (..., queries, keys), optional: bool, True where a key takes part, or numbers that
        are added. A query without any key gives zeros.
    is_causal: query i takes part in keys 0 to i alone, and of these in those that a mask leaves.
    scale: None for 1 / sqrt(features).

Returns:
    shape (..., queries, out).

Raises:
    ValueError: sizes that differ. TypeError: integers.

Example:
    >>> import miai.functional as F
    >>> F.scaled_dot_product_attention(F.ones((2, 3, 4)), F.ones((2, 5, 4)), F.ones((2, 5, 6))).shape
    (2, 3, 6)
)";

}  // namespace

void define_scaled_dot_product_attention(OpTable& table) {
  OpDef op;
  op.name = "scaled_dot_product_attention";
  op.doc = kDoc;
  op.inputs = {{"query"}, {"key"}, {"value"}, {"attn_mask", Presence::kOptional}};
  op.outputs = {{"out"}, {"weights", true}};
  op.attrs = &attrs_type<AttentionAttrs>();
  op.infer = infer_attention;
  op.lower = lower_attention;
  table.add(std::move(op));

  OpDef weights;
  weights.name = "attention_weights";
  weights.doc =
      "softmax(query @ key.T * scale + attn_mask): what scaled_dot_product_attention weighs values by.";
  weights.inputs = {{"query"}, {"key"}, {"attn_mask", Presence::kOptional}};
  weights.attrs = &attrs_type<AttentionAttrs>();
  weights.infer = infer_weights;
  weights.lower = lower_weights;
  weights.is_public = false;
  table.add(std::move(weights));
}

void define_scaled_dot_product_attention_grad(GradTable& grads) {
  grads.add("scaled_dot_product_attention", {attention_grad, {kQuery, kKey, kValue}, {1}});
  grads.add("attention_weights", {weights_grad, {kQuery, kKey}, {0}});
}

void define_scaled_dot_product_attention_samples(SampleTable& samples) {
  using Tensors = std::vector<std::optional<SampleTensor>>;
  AttrList causal{{"is_causal", true}}, scale{{"scale", 0.3}};
  SampleTensor dead = b8({3, 5}).of({1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1});
  for (bool has_value : {true, false}) {
    auto call = [&](DType dtype, Shape batch, int64_t queries, int64_t keys, Tensors mask = {}) {
      auto of = [&](int64_t rows, int64_t features) {
        Shape shape = batch;
        shape.push_back(rows), shape.push_back(features);
        return typed(dtype, shape);
      };
      Tensors tensors{of(queries, 4), of(keys, 4)};
      if (has_value) tensors.push_back(of(keys, 6));
      tensors.insert(tensors.end(), mask.begin(), mask.end());
      return tensors;
    };
    constexpr DType kF32 = DType::kFloat32;
    Tensors odd = call(kF32, {2}, 3, 5);
    odd[0] = odd[0]->sliced(), odd[1] = odd[1]->transposed();
    std::string name = has_value ? "scaled_dot_product_attention" : "attention_weights";
    SampleList& list = samples.of(name);
    list.tolerance = 1e-4;
    list.valid(call(kF32, {2}, 3, 5))
        .valid(call(kF32, {2, 3}, 3, 5, {b8({2, 1, 3, 5})}))
        .valid(call(kF32, {2}, 3, 5, {f32({3, 5})}))
        .valid(call(kF32, {2}, 5, 3), causal)
        .valid(call(kF32, {}, 3, 5, {dead}), scale)
        .valid(call(kF32, {2}, 3, 5, {f32({5})}), scale)
        .valid(call(kF32, {}, 3, 5, {b8({3, 5})}), causal)
        .valid(call(kF32, {2}, 4, 4, {f32({2, 4, 4})}), causal)
        .valid(call(kF32, {1}, 1, 1))
        .valid(call(kF32, {0}, 3, 5))
        .valid(call(kF32, {2}, 0, 5))
        .valid(call(kF32, {2}, 3, 0))
        .valid(odd)
        .valid(call(DType::kFloat64, {2}, 3, 5))
        .valid(call(DType::kFloat16, {2}, 3, 5))
        .valid(call(DType::kBFloat16, {2}, 3, 5), causal);
    Tensors other = call(kF32, {2}, 3, 5), wide = other, double_key = other, integers = other;
    other[1] = f32({3, 5, 4}), wide[1] = f32({2, 5, 3}), double_key[1] = f64({2, 5, 4});
    integers[0] = i64({2, 3, 4});
    list.invalid(other, {}, ErrorKind::kValue, name + ": argument 'key': expected size 2 in dimension 0")
        .invalid(wide, {}, ErrorKind::kValue, name + ": argument 'key': expected size 4 in dimension 2")
        .invalid(double_key, {}, ErrorKind::kType, name + ": argument 'key': expected dtype float32")
        .invalid(integers, {}, ErrorKind::kType, name + ": argument 'query': expected a floating dtype")
        .invalid(call(kF32, {2}, 3, 5, {b8({3, 4})}), {}, ErrorKind::kValue,
                 name + ": argument 'attn_mask': expected a shape that broadcasts to [2, 3, 5], got [3, 4]")
        .invalid(call(kF32, {2}, 3, 5, {i64({3, 5})}), {}, ErrorKind::kType,
                 name + ": argument 'attn_mask': expected dtype bool or float32, got int64");
  }
}

}  // namespace miai::ops
