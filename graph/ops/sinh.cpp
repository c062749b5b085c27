#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_sinh(OpTable& table) {
  table.add(unary_op("sinh", R"(Hyperbolic sine. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.sinh(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kSinh, x); }));
}

void define_sinh_grad(GradTable& grads) {
  grads.add("sinh", unary_grad([](const Var& dy, const Var& x) { return dy * (exp(x) + exp(-x)) * 0.5; }));
}

void define_sinh_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "sinh", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
