#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_logsigmoid(OpTable& table) {
  table.add(unary_op(
      "logsigmoid", R"(log(sigmoid(x)), elementwise, without overflow. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.logsigmoid(mi.tensor([200.0])).tolist()
[0.0]
)",
      PointwiseResult::kFloat, [](Expr x) {
        return pointwise::min(x, 0) - x.builder->apply(Opcode::kLog1p, pointwise::exp(-pointwise::abs(x)));
      }));
}

void define_logsigmoid_grad(GradTable& grads) {
  grads.add("logsigmoid", unary_grad([](const Var& dy, const Var& x) { return dy * sigmoid(-x); }));
}

void define_logsigmoid_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "logsigmoid", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
