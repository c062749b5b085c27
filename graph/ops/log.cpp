#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_log(OpTable& table) {
  table.add(unary_op(
      "log", R"(Natural logarithm, elementwise; NaN below 0, -inf at 0. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.log(mi.tensor([1.0])).tolist()
[0.0]
)",
      PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kLog, x); }));
}

void define_log_grad(GradTable& grads) {
  grads.add("log", unary_grad([](const Var& dy, const Var& x) { return dy / x; }));
}

void define_log_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "log", 0.1, 4);
  integer_samples(list, 1, 0.1, 6);
}

}  // namespace miai::ops
