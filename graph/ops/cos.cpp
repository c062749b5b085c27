#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_cos(OpTable& table) {
  table.add(unary_op("cos", R"(Cosine of x in radians. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.cos(mi.tensor([0.0])).tolist()
[1.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kCos, x); }));
}

void define_cos_grad(GradTable& grads) {
  grads.add("cos", unary_grad([](const Var& dy, const Var& x) { return -(dy * sin(x)); }));
}

void define_cos_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "cos", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
