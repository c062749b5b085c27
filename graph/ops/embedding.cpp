#include "graph/ops/embedding.h"

#include "graph/ops/builders.h"

namespace miai::ops {
namespace {

void check_padding(const InferContext& c, const std::optional<int64_t>& padding, Dim rows) {
  if (!padding || !rows.is_static()) return;
  if (*padding < -rows.value() || *padding >= rows.value())
    c.fail(ErrorKind::kValue, "padding_idx", "expected a row in [", -rows.value(), ", ", rows, "), got ",
           *padding);
}

void infer_embedding(InferContext& c) {
  c.check_int(0);
  c.check_rank(1, 2);
  check_padding(c, c.attrs<EmbeddingAttrs>().padding_idx, c.input(1).shape[0]);
  Dims shape = c.input(0).shape;
  shape.push_back(c.input(1).shape[1]);
  c.output_like(1, shape);
}

void infer_embedding_backward(InferContext& c) {
  c.output_like(0, embedding_gradient_shape(c, c.attrs<EmbeddingBackwardAttrs>()));
}

Vars embedding_grad(GradContext& c) {
  EmbeddingBackwardAttrs attrs{c.input_type(1).shape[0], c.attrs_as<EmbeddingAttrs>().padding_idx};
  return {{}, emit1(find_op("embedding_backward"), make_attrs(attrs), {c.grad(), c.input(0)})};
}

/// The rows of the gradient's gradient; none of the padding row.
Vars embedding_backward_grad(GradContext& c) {
  const EmbeddingBackwardAttrs& a = c.attrs_as<EmbeddingBackwardAttrs>();
  Var rows = emit1(find_op("embedding"), make_attrs(EmbeddingAttrs{a.padding_idx}), {c.input(1), c.grad()});
  if (!a.padding_idx) return {rows, {}};
  Dim padding = *a.padding_idx < 0 ? a.num_embeddings + Dim(*a.padding_idx) : Dim(*a.padding_idx);
  Var row = full({}, static_cast<double>(padding.value()), c.input_type(1).dtype, c.input_type(1).device);
  Var is_padding = expand_dims(equal(c.input(1), row), c.input_type(1).rank());
  return {where(is_padding, zeros_like(rows), rows), {}};
}

}  // namespace

Dims embedding_gradient_shape(const InferContext& c, const EmbeddingBackwardAttrs& a) {
  c.check_int(1);
  c.check_rank(0, c.input(1).rank() + 1);
  for (int i = 0; i < c.input(1).rank(); ++i) c.check_dim(0, i, c.input(1).shape[i], "as 'inp' has");
  if (a.num_embeddings.is_static() && a.num_embeddings.value() < 0)
    c.fail(ErrorKind::kValue, "num_embeddings", "expected at least 0, got ", a.num_embeddings);
  check_padding(c, a.padding_idx, a.num_embeddings);
  return {a.num_embeddings, c.input(0).shape.back()};
}

void define_embedding(OpTable& table) {
  OpDef op;
  op.name = "embedding";
  op.doc = R"(The rows of `weight` that the integers of `inp` name: out[..., :] = weight[inp[...], :].

`weight`: rank 2. `padding_idx`: a row that gets no gradient. Raises IndexError for a value that is no row.

>>> import miai.functional as F, miai as mi
>>> F.embedding(mi.tensor([1, 0]), mi.tensor([[0.0, 1.0], [2.0, 3.0]])).tolist()
[[2.0, 3.0], [0.0, 1.0]]
)";
  op.inputs = {{"inp"}, {"weight"}};
  op.attrs = &attrs_type<EmbeddingAttrs>();
  op.infer = infer_embedding;
  op.checks_values = true;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "embedding_backward";
  backward.doc = "The gradient of embedding: `dy` summed into the rows that `inp` names.";
  backward.inputs = {{"dy"}, {"inp"}};
  backward.attrs = &attrs_type<EmbeddingBackwardAttrs>();
  backward.infer = infer_embedding_backward;
  backward.is_public = false;
  backward.checks_values = true;
  table.add(std::move(backward));
}

void define_embedding_grad(GradTable& grads) {
  grads.add("embedding", {embedding_grad, {0}});
  grads.add("embedding_backward", {embedding_backward_grad, {1}});
}

void define_embedding_samples(SampleTable& samples) {
  auto padding = [](int64_t i) { return AttrList{{"padding_idx", i}}; };
  samples.of("embedding")
      .valid({i64({3}, 0, 5), f32({5, 4})})
      .valid({i64({2, 3}, 0, 5), f32({5, 4})})
      .valid({i64({2, 3}, 0, 3), f32({3, 4})})
      .valid({i64({}, 0, 5), f32({5, 4})})
      .valid({i64({0}, 0, 5), f32({5, 4})})
      .valid({i64({2}, 0, 5), f32({5, 0})})
      .valid({i64({1}, 0, 1), f32({1, 1})})
      .valid({i32({2, 3}, 0, 5).transposed(), f32({5, 4}).transposed()})
      .valid({typed(DType::kUInt8, {7}).range(0, 5).sliced(), f32({5, 33}).sliced()})
      .valid({i64({3}, 0, 5), f64({5, 4})})
      .valid({i64({3}, 0, 5), f16({5, 4})})
      .valid({i64({3}, 0, 5), bf16({5, 4})})
      .invalid({i64({1}).of({5}), f32({5, 4})}, {}, ErrorKind::kIndex,
               "embedding: argument 'inp': expected indices in [0, 5) of axis 0, got 5")
      .invalid({i64({1}).of({-1}), f32({5, 4})}, {}, ErrorKind::kIndex, "got -1")
      .invalid({f32({3}), f32({5, 4})}, {}, ErrorKind::kType, "argument 'inp': expected an integer dtype")
      .invalid({i64({3}), f32({5})}, {}, ErrorKind::kValue, "argument 'weight': expected rank 2, got rank 1")
      .invalid({i64({3}, 0, 5), f32({5, 4})}, padding(5), ErrorKind::kValue, "argument 'padding_idx'");
  auto rows = [](int64_t n) { return AttrList{{"num_embeddings", n}}; };
  samples.of("embedding_backward")
      .valid({f32({3, 4}), i64({3}, 0, 5)}, rows(5))
      .valid({f32({2, 3, 4}), i64({2, 3}, 0, 3)}, rows(3))
      .valid({f32({4}), i64({}, 0, 5)}, rows(5))
      .valid({f32({0, 4}), i64({0}, 0, 5)}, rows(5))
      .valid({f32({3, 0}), i64({3}, 0, 5)}, rows(5))
      .valid({f32({3, 130}), i64({3}, 0, 2)}, rows(2))
      .valid({f32({3, 4}), i64({3}).of({0, 1, 1})},
             {{"num_embeddings", int64_t{2}}, {"padding_idx", int64_t{1}}})
      .valid({f32({3, 4}), i64({3}).of({0, 1, 1})},
             {{"num_embeddings", int64_t{2}}, {"padding_idx", int64_t{-2}}})
      .valid({f32({3, 2, 4}).transposed(), i32({3, 2}, 0, 5).transposed()}, rows(5))
      .valid({f32({3, 4}).broadcast(), i64({3}, 0, 5)}, rows(5))
      .valid({f64({3, 4}), i64({3}, 0, 5)}, rows(5))
      .invalid({f32({1, 4}), i64({1}).of({5})}, rows(5), ErrorKind::kIndex,
               "expected indices in [0, 5) of axis 0, got 5")
      .invalid({f32({3, 4}), i64({2}, 0, 5)}, rows(5), ErrorKind::kValue,
               "argument 'dy': expected size 2 in dimension 0")
      .invalid({f32({3}), i64({3}, 0, 5)}, rows(5), ErrorKind::kValue, "argument 'dy': expected rank 2")
      .invalid({f32({3, 4}), f32({3})}, rows(5), ErrorKind::kType,
               "argument 'inp': expected an integer dtype")
      .invalid({f32({3, 4}), i64({3}, 0, 5)}, rows(-1), ErrorKind::kValue, "argument 'num_embeddings'");
}

}  // namespace miai::ops
