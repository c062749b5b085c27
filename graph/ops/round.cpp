#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_round(OpTable& table) {
  table.add(unary_op("round", R"(Nearest integer, halves to even (IEEE 754). Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.round(mi.tensor([1.5, -1.5])).tolist()
[2.0, -2.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kRound, x); }));
}

void define_round_grad(GradTable& grads) {
  grads.add("round", unary_grad([](const Var& dy, const Var&) { return full_like(dy, 0); }));
}

void define_round_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "round", -3, 3);
  integer_samples(list, 1, -5, 6);
  list.check_grad = false;  // flat: the gradient is 0 where it exists
}

}  // namespace miai::ops
