#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_sin(OpTable& table) {
  table.add(unary_op("sin", R"(Sine of x in radians. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.sin(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kSin, x); }));
}

void define_sin_grad(GradTable& grads) {
  grads.add("sin", unary_grad([](const Var& dy, const Var& x) { return dy * cos(x); }));
}

void define_sin_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "sin", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
