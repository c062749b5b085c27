// embedding_update: what fusion makes of an embedding's gradient and the program that alone reads it.
#include "kernels/common/attrs/embedding_update.h"
#include "graph/ops/broadcast_checks.h"
#include "graph/ops/embedding.h"
#include "graph/ops/pointwise.h"

namespace miai::ops {
namespace {

constexpr int kOthers = 2;  // the first input after dy and inp

void infer(InferContext& c) {
  const auto& attrs = c.attrs<EmbeddingUpdateAttrs>();
  Dims shape = embedding_gradient_shape(c, attrs);
  for (int i = kOthers; i < c.input_count(); ++i) check_broadcasts_to(c, i, shape);
  const pointwise::Program& program = attrs.program;
  if (program.outputs.empty()) c.fail(ErrorKind::kValue, "program", "expected an output, got none");
  const int read = c.input_count() - kOthers + 1;
  if (program.input_count != read)
    c.fail(ErrorKind::kValue, "program", "expected a program of ", read, " inputs, got one of ",
           program.input_count);
  for (pointwise::Register output : program.outputs)
    c.output(program.code[static_cast<size_t>(output)].dtype, shape, c.input(0).device);
}

Cost cost(std::span<const TensorMeta> inputs, std::span<const TensorMeta> outputs, const Attrs& attrs) {
  const auto summed = static_cast<double>(element_count(inputs[0].shape));
  const auto updated = static_cast<double>(element_count(outputs[0].shape));
  return {summed + operation_count(attrs.as<EmbeddingUpdateAttrs>().program) * updated};
}

}  // namespace

void define_embedding_update(OpTable& table) {
  OpDef op;
  op.name = "embedding_update";
  op.doc =
      "Runs a program on each element of the gradient of embedding, which is not made as a whole, and of "
      "`inputs`, which broadcast to its shape; made by a pass.";
  op.inputs = {{"dy"}, {"inp"}, {"inputs", Presence::kVariadic}};
  op.outputs = {{"out", false, true}};
  op.attrs = &attrs_type<EmbeddingUpdateAttrs>();
  op.infer = infer;
  op.cost = cost;
  op.pointwise_from = kOthers;
  op.checks_values = true;
  op.is_public = false;
  table.add(std::move(op));
}

void define_embedding_update_samples(SampleTable& samples) {
  constexpr const char* kStep =
      "in:float32#1;in:float32#0;const:float32#0.5#0;mul:float32,1,2;sub:float32,0,3>4|2";
  constexpr const char* kMomentum =
      "in:float32#2;const:float32#0.5#0;mul:float32,0,1;in:float32#0;add:float32,2,3;in:float32#1;"
      "sub:float32,5,4>6,4|3";
  constexpr const char* kHalf = "in:float32#0;const:float32#0.5#0;mul:float32,0,1;cast:float16,2>3|1";
  constexpr const char* kSquare = "in:float32#0;mul:float32,0,0>1|1";
  constexpr const char* kPositive = "in:float32#0;const:float32#0#0;gt:bool,0,1>2|1";
  auto attrs = [](int64_t rows, const char* program) {
    return AttrList{{"num_embeddings", rows}, {"program", std::string(program)}};
  };
  auto padded = [&](int64_t padding) {
    AttrList list = attrs(2, kStep);
    list.emplace_back("padding_idx", padding);
    return list;
  };
  SampleList& list = samples.of("embedding_update");
  list.check_grad = false;  // made after gradients have been taken
  list.valid({f32({3, 4}), i64({3}, 0, 5), f32({5, 4})}, attrs(5, kStep))
      .valid({f32({2, 3, 4}), i64({2, 3}, 0, 3), f32({3, 4}), f32({3, 4})}, attrs(3, kMomentum))
      .valid({f32({4}), i64({}, 0, 5), f32({})}, attrs(5, kStep))
      .valid({f32({0, 4}), i64({0}, 0, 5), f32({5, 1})}, attrs(5, kStep))
      .valid({f32({3, 0}), i64({3}, 0, 5), f32({5, 0})}, attrs(5, kStep))
      .valid({f32({9, 330}), i64({9}, 0, 7), f32({330})}, attrs(7, kStep))
      .valid({f32({40, 1}), i64({40}, 0, 900), f32({900, 1}), f32({900, 1})}, attrs(900, kMomentum))
      .valid({f32({3, 1}), i64({3}, 0, 1)}, attrs(1, kSquare))
      .valid({f32({30, 700}), i64({30}, 0, 70)}, attrs(70, kSquare))
      .valid({f32({3, 4}), i64({3}, 0, 5)}, attrs(5, kPositive))
      .valid({f32({3, 4}), i64({3}).of({0, 1, 1}), f32({2, 4})}, padded(1))
      .valid({f32({3, 4}), i64({3}).of({0, 1, 1}), f32({2, 4})}, padded(-2))
      .valid({f32({3, 2, 4}).transposed(), i32({3, 2}, 0, 5).transposed(), f32({5, 4}).transposed()},
             attrs(5, kStep))
      .valid({f32({3, 2, 4}), i32({3, 2}, 0, 5).transposed(), f32({5, 4})}, attrs(5, kStep))
      .valid({f32({3, 4}).broadcast(), i64({3}, 0, 5), f32({5, 4}).sliced()}, attrs(5, kStep))
      .valid({f16({6, 4}), i64({6}, 0, 3)}, attrs(3, kHalf))
      .valid({f64({3, 4}), i64({3}, 0, 5), f32({5, 4})}, attrs(5, kStep))
      .invalid({f32({1, 4}), i64({1}).of({5}), f32({5, 4})}, attrs(5, kStep), ErrorKind::kIndex,
               "embedding_update: argument 'inp': expected indices in [0, 5) of axis 0, got 5")
      .invalid({f32({3, 4}), i64({2}, 0, 5), f32({5, 4})}, attrs(5, kStep), ErrorKind::kValue,
               "argument 'dy': expected size 2 in dimension 0")
      .invalid({f32({3, 4}), f32({3}), f32({5, 4})}, attrs(5, kStep), ErrorKind::kType,
               "argument 'inp': expected an integer dtype")
      .invalid({f32({3, 4}), i64({3}, 0, 5), f32({4, 4})}, attrs(5, kStep), ErrorKind::kValue,
               "argument 'inputs[0]': expected a shape that broadcasts to [5, 4], got [4, 4]")
      .invalid({f32({3, 4}), i64({3}, 0, 5), f32({1, 5, 4})}, attrs(5, kStep), ErrorKind::kValue,
               "argument 'inputs[0]': expected a shape that broadcasts")
      .invalid({f32({3, 4}), i64({3}, 0, 5)}, attrs(5, kStep), ErrorKind::kValue,
               "argument 'program': expected a program of 1 inputs, got one of 2")
      .invalid({f32({3, 4}), i64({3}, 0, 5)}, {{"num_embeddings", int64_t{5}}}, ErrorKind::kValue,
               "argument 'program': expected an output, got none");
}

}  // namespace miai::ops
