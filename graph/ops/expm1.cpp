#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_expm1(OpTable& table) {
  table.add(unary_op("expm1", R"(e^x - 1, exact near 0. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.expm1(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kExpm1, x); }));
}

void define_expm1_grad(GradTable& grads) {
  grads.add("expm1", unary_grad_from_output([](const Var& dy, const Var& y) { return dy * (y + 1.0); }));
}

void define_expm1_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "expm1", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
