#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_tanh(OpTable& table) {
  table.add(unary_op("tanh", R"(Hyperbolic tangent. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.tanh(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kTanh, x); }));
}

void define_tanh_grad(GradTable& grads) {
  grads.add("tanh", unary_grad_from_output([](const Var& dy, const Var& y) { return dy * (1.0 - y * y); }));
}

void define_tanh_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "tanh", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
