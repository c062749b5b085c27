#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_exp(OpTable& table) {
  table.add(unary_op("exp", R"(e to the power x, elementwise. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.exp(mi.tensor([0.0])).tolist()
[1.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kExp, x); }));
}

void define_exp_grad(GradTable& grads) {
  grads.add("exp", unary_grad_from_output([](const Var& dy, const Var& y) { return dy * y; }));
}

void define_exp_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "exp", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
