#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_tan(OpTable& table) {
  table.add(unary_op("tan", R"(Tangent of x in radians. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.tan(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kTan, x); }));
}

void define_tan_grad(GradTable& grads) {
  grads.add("tan", unary_grad_from_output([](const Var& dy, const Var& y) { return dy * (y * y + 1.0); }));
}

void define_tan_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "tan", -1.2, 1.2);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
