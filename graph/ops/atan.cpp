#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_atan(OpTable& table) {
  table.add(unary_op("atan", R"(Inverse tangent, in radians. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.atan(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kAtan, x); }));
}

void define_atan_grad(GradTable& grads) {
  grads.add("atan", unary_grad([](const Var& dy, const Var& x) { return dy / (x * x + 1.0); }));
}

void define_atan_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "atan", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
