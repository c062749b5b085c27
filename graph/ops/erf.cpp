#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_erf(OpTable& table) {
  table.add(unary_op("erf", R"(Error function. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.erf(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kErf, x); }));
}

void define_erf_grad(GradTable& grads) {
  grads.add("erf",
            unary_grad([](const Var& dy, const Var& x) { return dy * exp(-(x * x)) * 1.1283791670955126; }));
}

void define_erf_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "erf", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
