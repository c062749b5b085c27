#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_log1p(OpTable& table) {
  table.add(unary_op("log1p", R"(log(1 + x), exact near 0. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.log1p(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kLog1p, x); }));
}

void define_log1p_grad(GradTable& grads) {
  grads.add("log1p", unary_grad([](const Var& dy, const Var& x) { return dy / (x + 1.0); }));
}

void define_log1p_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "log1p", -0.9, 4);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
