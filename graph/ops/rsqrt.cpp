#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_rsqrt(OpTable& table) {
  table.add(unary_op("rsqrt", R"(1 / sqrt(x), elementwise. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.rsqrt(mi.tensor([4.0, 0.25])).tolist()
[0.5, 2.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kRsqrt, x); }));
}

void define_rsqrt_grad(GradTable& grads) {
  grads.add("rsqrt",
            unary_grad_from_output([](const Var& dy, const Var& y) { return dy * -0.5 * y * y * y; }));
}

void define_rsqrt_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "rsqrt", 0.1, 4);
  integer_samples(list, 1, 0.1, 6);
}

}  // namespace miai::ops
