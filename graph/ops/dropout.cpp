#include "graph/ops/builders.h"
#include "graph/ops/random_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/random.h"

namespace miai::ops {
namespace {

void check_probability(const InferContext& c, double drop_prob) {
  if (!(drop_prob >= 0 && drop_prob <= 1))
    c.fail(ErrorKind::kValue, "drop_prob", "expected a probability in [0, 1], got ", drop_prob);
}

/// Bytes that hold a bit for each element of the first input.
Dim bytes_of_bits(const InferContext& c) {
  return floor_div(element_count(c.input(0).shape) + Dim(7), Dim(8));
}

void infer_dropout(InferContext& c) {
  c.check_float(0);
  check_random_state(c, 1);
  check_probability(c, c.attrs<DropoutAttrs>().drop_prob);
  c.output_like(0, c.input(0).shape);
  c.output(DType::kUInt8, {bytes_of_bits(c)}, c.input(0).device);
}

void infer_dropout_backward(InferContext& c) {
  c.check_float(0);
  c.check_rank(1, 1);
  if (c.input(1).dtype != DType::kUInt8)
    c.fail(ErrorKind::kType, "kept", "expected dtype uint8, got ", c.input(1).dtype);
  c.check_dim(1, 0, bytes_of_bits(c), "a byte for each 8 elements of 'dy'");
  check_probability(c, c.attrs<DropoutBackwardAttrs>().drop_prob);
  c.output_like(0, c.input(0).shape);
}

constexpr int kKept = 3;  // output "kept" of dropout, after its inputs and its first output

Attrs backward_attrs(const Attrs& attrs) {
  return make_attrs(DropoutBackwardAttrs{attrs.as<DropoutAttrs>().drop_prob});
}

}  // namespace

void define_dropout(OpTable& table) {
  OpDef op;
  op.name = "dropout";
  op.doc =
      R"(`inp` with each element zero with probability `drop_prob`, the others scaled by 1 / (1 - drop_prob).

`state`: a generator's state, int64[2]; the default one if not given. A bit an element is stored for the
gradient: whether it was kept. Raises ValueError for a probability outside [0, 1].

>>> import miai.functional as F, miai as mi
>>> F.dropout(mi.tensor([1.0, 2.0]), drop_prob=0.0).tolist()
[1.0, 2.0]
)";
  op.inputs = {{"inp"}, {"state"}};
  op.outputs = {{"out"}, {"kept", true}};
  op.attrs = &attrs_type<DropoutAttrs>();
  op.infer = infer_dropout;
  op.random = true;
  op.may_overwrite = {0};
  op.repeat = [](const Attrs& attrs) -> std::optional<CheaperRepeat> {
    return CheaperRepeat{"dropout_backward", backward_attrs(attrs), {0, kKept}};
  };
  table.add(std::move(op));

  OpDef backward;
  backward.name = "dropout_backward";
  backward.doc =
      "The gradient of dropout: `dy` scaled where bit i % 8 of byte i / 8 of `kept` is set, 0 elsewhere.";
  backward.inputs = {{"dy"}, {"kept"}};
  backward.attrs = &attrs_type<DropoutBackwardAttrs>();
  backward.infer = infer_dropout_backward;
  backward.is_public = false;
  backward.may_overwrite = {0};
  table.add(std::move(backward));
}

void define_dropout_grad(GradTable& grads) {
  grads.add("dropout",
            {[](GradContext& c) -> Vars {
               return {emit1(find_op("dropout_backward"), backward_attrs(c.attrs), {c.grad(), c.output(1)}),
                       {}};
             },
             {},
             {1}});
  grads.add("dropout_backward",
            {[](GradContext& c) -> Vars { return {emit1(c.op, c.attrs, {c.grad(), c.input(1)}), {}}; }, {1}});
}

void define_dropout_samples(SampleTable& samples) {
  auto prob = [](double p) { return AttrList{{"drop_prob", p}}; };
  SampleTensor state = i64({2}, 0, 1000);
  auto bits = [](int64_t count) { return typed(DType::kUInt8, {(count + 7) / 8}).range(0, 256); };
  SampleList &forward = samples.of("dropout"), &backward = samples.of("dropout_backward");
  auto both = [&](const SampleTensor& x, double p) {
    forward.valid({x, state}, prob(p));
    backward.valid({x, bits(element_count(x.shape))}, prob(p));
  };
  for (double p : {0.0, 0.1, 0.5, 1.0}) both(f32({9}), p);
  for (const Shape& shape : {Shape{}, {0, 3}, {2, 3}, {8}, {31, 17}, {5, 7, 129}}) both(f32(shape), 0.3);
  both(f32({4, 6}).transposed(), 0.3);
  both(f32({4, 6}).broadcast(), 0.3);
  for (DType dtype : {DType::kFloat64, DType::kFloat16, DType::kBFloat16}) both(typed(dtype, {4, 5}), 0.3);
  forward.valid({f32({4, 6}).sliced(), state.sliced()}, prob(0.3))
      .invalid({i64({3}), state}, prob(0.5), ErrorKind::kType, "expected a floating dtype, got int64")
      .invalid({f32({3}), i64({3})}, prob(0.5), ErrorKind::kValue, "expected size 2 in dimension 0")
      .invalid({f32({3}), f32({2})}, prob(0.5), ErrorKind::kType, "expected dtype int64, got float32");
  backward.valid({f32({4, 6}).sliced(), bits(24).sliced()}, prob(0.3))
      .invalid({i64({3}), bits(3)}, prob(0.5), ErrorKind::kType, "expected a floating dtype, got int64")
      .invalid({f32({3}), bits(9)}, prob(0.5), ErrorKind::kValue, "a byte for each 8 elements of 'dy'")
      .invalid({f32({3}), b8({1})}, prob(0.5), ErrorKind::kType, "argument 'kept': expected dtype uint8");
  for (double p : {-0.1, 1.5}) {
    forward.invalid({f32({3}), state}, prob(p), ErrorKind::kValue, "argument 'drop_prob'");
    backward.invalid({f32({3}), bits(3)}, prob(p), ErrorKind::kValue, "argument 'drop_prob'");
  }
}

}  // namespace miai::ops
