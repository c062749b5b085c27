// Attention whose weights are nowhere in memory: what the pass fuse_attention makes of its parts.
#include "kernels/common/attrs/fused_attention.h"

#include <limits>

#include "graph/ops/broadcast_checks.h"
#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/softmax.h"

namespace miai::ops {
namespace {

enum Input { kQuery, kKey, kValue, kKeep, kBias };

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Checks that input i broadcasts to the scores.
void check_mask(const InferContext& c, int i, DType dtype, const Dims& scores) {
  if (!c.has(i)) return;
  const TensorType& mask = c.input(i);
  if (mask.dtype != dtype)
    c.fail(ErrorKind::kType, c.input_name(i), "expected dtype ", dtype, ", got ", mask.dtype);
  check_broadcasts_to(c, i, scores);
}

void infer(InferContext& c) {
  c.check_float(kQuery);
  c.check_min_rank(kQuery, 2);
  const Dims& query = c.input(kQuery).shape;
  const int last = query.size() - 1;
  for (int i : {kKey, kValue}) {
    c.check_same_dtype(kQuery, i);
    c.check_rank(i, query.size());
    for (int d = 0; d + 1 < last; ++d) c.check_dim(i, d, query[d], "that of 'query'");
  }
  c.check_dim(kKey, last, query[last], "features of 'query'");
  c.check_dim(kValue, last - 1, c.input(kKey).shape[last - 1], "keys");
  Dims scores = query, out = query;
  scores[last] = c.input(kKey).shape[last - 1];
  out[last] = c.input(kValue).shape[last];
  check_mask(c, kKeep, DType::kBool, scores);
  check_mask(c, kBias, c.input(kQuery).dtype, scores);
  c.output_like(kQuery, out);
}

Vars lower(std::span<const Var> inputs, const Attrs& attrs) {
  const auto& a = attrs.as<FusedAttentionAttrs>();
  auto has = [&](size_t i) { return i < inputs.size() && inputs[i]; };
  Var scores = matmul(inputs[kQuery] * a.scale, inputs[kKey], false, true);
  if (has(kKeep)) scores = where(inputs[kKeep], scores, scalar_like(scores, a.fill));
  if (has(kBias)) scores = scores + inputs[kBias];
  auto softmax = [](const Var& x) { return emit1(find_op("softmax"), make_attrs(SoftmaxAttrs{-1}), {x}); };
  if (!a.zeroes_dead || scores.shape().back() == Dim(0)) return {matmul(softmax(scores), inputs[kValue])};
  Var dead = equal(max(scores, Ints{-1}, true), scalar_like(scores, -kInfinity)),
      zero = scalar_like(scores, 0);
  return {matmul(where(dead, zero, softmax(where(dead, zero, scores))), inputs[kValue])};
}

Cost cost(std::span<const TensorMeta> inputs, std::span<const TensorMeta> outputs, const Attrs&) {
  const Shape &query = inputs[kQuery].shape, &out = outputs[0].shape;
  const int last = query.size() - 1;
  const auto keys = static_cast<double>(inputs[kKey].shape[last - 1]);
  constexpr double kExponential = 10;
  const auto rows =
      static_cast<double>(inputs[kQuery].size()) / static_cast<double>(std::max<int64_t>(query[last], 1));
  return {rows * keys * (2.0 * static_cast<double>(query[last] + out[last]) + kExponential), 0};
}

}  // namespace

void define_fused_attention(OpTable& table) {
  OpDef op;
  op.name = "fused_attention";
  op.doc =
      "softmax(where(keep, query @ key.T * scale, fill) + bias) @ value, without these weights in memory: "
      "what "
      "the fusion pass makes of its parts.";
  op.inputs = {{"query"}, {"key"}, {"value"}, {"keep", Presence::kOptional}, {"bias", Presence::kOptional}};
  op.attrs = &attrs_type<FusedAttentionAttrs>();
  op.infer = infer;
  op.lower = lower;
  op.cost = cost;
  op.is_public = false;
  table.add(std::move(op));
}

void define_fused_attention_samples(SampleTable& samples) {
  using Tensors = std::vector<std::optional<SampleTensor>>;
  auto call = [](DType dtype, Shape batch, int64_t queries, int64_t keys, Tensors masks = {},
                 int64_t features = 4) {
    auto of = [&](int64_t rows, int64_t columns) {
      Shape shape = batch;
      shape.push_back(rows), shape.push_back(columns);
      return typed(dtype, shape);
    };
    Tensors tensors{of(queries, features), of(keys, features), of(keys, 6)};
    tensors.insert(tensors.end(), masks.begin(), masks.end());
    return tensors;
  };
  constexpr DType kF32 = DType::kFloat32;
  const AttrList scale{{"scale", 0.3}}, dead{{"scale", 0.3}, {"zeroes_dead", true}},
      fill{{"scale", 0.5}, {"fill", -1e9}};
  const SampleTensor keep = b8({3, 5}).of({1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1});
  Tensors odd = call(kF32, {2}, 3, 5, {b8({2, 3, 5}).transposed()});
  odd[0] = odd[0]->sliced(), odd[1] = odd[1]->transposed(), odd[2] = odd[2]->transposed();
  SampleList& list = samples.of("fused_attention");
  list.tolerance = 1e-4;
  list.valid(call(kF32, {2}, 3, 5))
      .valid(call(kF32, {2, 3}, 3, 5, {b8({2, 1, 3, 5})}), dead)
      .valid(call(kF32, {}, 3, 5, {keep}), dead)
      .valid(call(kF32, {}, 3, 5, {keep}), fill)
      .valid(call(kF32, {2}, 3, 5, {std::nullopt, f32({3, 5})}), scale)
      .valid(call(kF32, {2}, 3, 5, {keep, f32({5})}), dead)
      .valid(call(kF32, {1}, 70, 130, {b8({70, 130})}, 9), dead)
      .valid(call(kF32, {2}, 300, 50, {}, 33), scale)
      .valid(call(kF32, {1}, 40, 600, {std::nullopt, f32({600})}, 16), scale)
      .valid(call(kF32, {1}, 1, 1))
      .valid(call(kF32, {0}, 3, 5))
      .valid(call(kF32, {2}, 0, 5))
      .valid(call(kF32, {2}, 3, 0), dead)
      .valid(odd, dead)
      .valid(call(DType::kFloat64, {2}, 3, 5));
  Tensors other = call(kF32, {2}, 3, 5), wide = other, integers = other;
  other[1] = f32({3, 5, 4}), wide[1] = f32({2, 5, 3}), integers[0] = i64({2, 3, 4});
  list.invalid(other, {}, ErrorKind::kValue, "argument 'key': expected size 2 in dimension 0")
      .invalid(wide, {}, ErrorKind::kValue, "argument 'key': expected size 4 in dimension 2")
      .invalid(integers, {}, ErrorKind::kType, "argument 'query': expected a floating dtype")
      .invalid(call(kF32, {2}, 3, 5, {b8({3, 4})}), {}, ErrorKind::kValue,
               "argument 'keep': expected a shape that broadcasts to [2, 3, 5], got [3, 4]")
      .invalid(call(kF32, {2}, 3, 5, {std::nullopt, f64({3, 5})}), {}, ErrorKind::kType,
               "argument 'bias': expected dtype float32, got float64");
}

}  // namespace miai::ops
