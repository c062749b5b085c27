#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_asin(OpTable& table) {
  table.add(unary_op("asin",
                     R"(Inverse sine, in radians; NaN outside of [-1, 1]. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.asin(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kAsin, x); }));
}

void define_asin_grad(GradTable& grads) {
  grads.add("asin", unary_grad([](const Var& dy, const Var& x) { return dy / sqrt(1.0 - x * x); }));
}

void define_asin_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "asin", -0.9, 0.9);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
