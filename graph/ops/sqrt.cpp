#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_sqrt(OpTable& table) {
  table.add(unary_op("sqrt", R"(Square root, elementwise; NaN below 0. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.sqrt(mi.tensor([4.0, 9.0])).tolist()
[2.0, 3.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kSqrt, x); }));
}

void define_sqrt_grad(GradTable& grads) {
  grads.add("sqrt", unary_grad_from_output([](const Var& dy, const Var& y) { return dy * 0.5 / y; }));
}

void define_sqrt_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "sqrt", 0.1, 4);
  integer_samples(list, 1, 0.1, 6);
}

}  // namespace miai::ops
