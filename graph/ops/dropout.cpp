#include "graph/ops/random_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/random.h"

namespace miai::ops {
namespace {

void check_probability(const InferContext& c, double drop_prob) {
  if (!(drop_prob >= 0 && drop_prob <= 1))
    c.fail(ErrorKind::kValue, "drop_prob", "expected a probability in [0, 1], got ", drop_prob);
}

void infer_dropout(InferContext& c) {
  c.check_float(0);
  check_random_state(c, 1);
  check_probability(c, c.attrs<DropoutAttrs>().drop_prob);
  c.output_like(0, c.input(0).shape);
  c.output_like(1, {2});
}

void infer_dropout_backward(InferContext& c) {
  c.check_float(0);
  check_random_state(c, 1);
  check_probability(c, c.attrs<DropoutBackwardAttrs>().drop_prob);
  c.output_like(0, c.input(0).shape);
}

}  // namespace

void define_dropout(OpTable& table) {
  OpDef op;
  op.name = "dropout";
  op.doc =
      R"(`inp` with each element zero with probability `drop_prob`, the others scaled by 1 / (1 - drop_prob).

`state`: a generator's state, int64[2]; the default one if not given. The mask is not stored: the gradient
makes it again from the ticket. Raises ValueError for a probability outside [0, 1].

>>> import miai.functional as F, miai as mi
>>> F.dropout(mi.tensor([1.0, 2.0]), drop_prob=0.0).tolist()
[1.0, 2.0]
)";
  op.inputs = {{"inp"}, {"state"}};
  op.outputs = {{"out"}, {"seed", true}};
  op.attrs = &attrs_type<DropoutAttrs>();
  op.infer = infer_dropout;
  op.random = true;
  op.may_overwrite = {0};
  table.add(std::move(op));

  OpDef backward;
  backward.name = "dropout_backward";
  backward.doc = "The gradient of dropout: `dy` under the mask that `seed` (seed and ticket) makes again.";
  backward.inputs = {{"dy"}, {"seed"}};
  backward.attrs = &attrs_type<DropoutBackwardAttrs>();
  backward.infer = infer_dropout_backward;
  backward.is_public = false;
  backward.may_overwrite = {0};
  table.add(std::move(backward));
}

void define_dropout_grad(GradTable& grads) {
  grads.add("dropout", {[](GradContext& c) -> Vars {
                          Attrs attrs =
                              make_attrs(DropoutBackwardAttrs{c.attrs_as<DropoutAttrs>().drop_prob});
                          return {emit1(find_op("dropout_backward"), attrs, {c.grad(), c.output(1)}), {}};
                        },
                        {},
                        {1}});
  grads.add("dropout_backward",
            {[](GradContext& c) -> Vars { return {emit1(c.op, c.attrs, {c.grad(), c.input(1)}), {}}; }, {1}});
}

void define_dropout_samples(SampleTable& samples) {
  auto prob = [](double p) { return AttrList{{"drop_prob", p}}; };
  SampleTensor state = i64({2}, 0, 1000);
  for (const char* name : {"dropout", "dropout_backward"})
    samples.of(name)
        .valid({f32({2, 3}), state}, prob(0.5))
        .valid({f32({7}), state}, prob(0.1))
        .valid({f32({}), state}, prob(0.5))
        .valid({f32({0, 3}), state}, prob(0.5))
        .valid({f32({9}), state}, prob(0))
        .valid({f32({9}), state}, prob(1))
        .valid({f32({31, 17}), state}, prob(0.3))
        .valid({f32({4, 6}).transposed(), state}, prob(0.3))
        .valid({f32({4, 6}).sliced(), state.sliced()}, prob(0.3))
        .valid({f32({4, 6}).broadcast(), state}, prob(0.3))
        .valid({f64({4, 3}), state}, prob(0.3))
        .valid({f16({4, 3}), state}, prob(0.3))
        .valid({bf16({4, 3}), state}, prob(0.3))
        .invalid({f32({3}), state}, prob(-0.1), ErrorKind::kValue,
                 "argument 'drop_prob': expected a probability")
        .invalid({f32({3}), state}, prob(1.5), ErrorKind::kValue,
                 "argument 'drop_prob': expected a probability")
        .invalid({i64({3}), state}, prob(0.5), ErrorKind::kType, "expected a floating dtype, got int64")
        .invalid({f32({3}), i64({3})}, prob(0.5), ErrorKind::kValue, "expected size 2 in dimension 0")
        .invalid({f32({3}), f32({2})}, prob(0.5), ErrorKind::kType, "expected dtype int64, got float32");
}

}  // namespace miai::ops
