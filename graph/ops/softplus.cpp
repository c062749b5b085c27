#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_softplus(OpTable& table) {
  table.add(unary_op(
      "softplus", R"(log(1 + e^x), elementwise, without overflow. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.softplus(mi.tensor([-200.0, 200.0])).tolist()
[0.0, 200.0]
)",
      PointwiseResult::kFloat, [](Expr x) {
        return pointwise::max(x, 0) + x.builder->apply(Opcode::kLog1p, pointwise::exp(-pointwise::abs(x)));
      }));
}

void define_softplus_grad(GradTable& grads) {
  grads.add("softplus", unary_grad([](const Var& dy, const Var& x) { return dy * sigmoid(x); }));
}

void define_softplus_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "softplus", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
