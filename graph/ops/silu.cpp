#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_silu(OpTable& table) {
  table.add(unary_op("silu",
                     R"(x * sigmoid(x), elementwise (Elfwing et al., 2017). Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.silu(mi.tensor([0.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x / (1.0 + pointwise::exp(-x)); }));
}

void define_silu_grad(GradTable& grads) {
  grads.add("silu", unary_grad([](const Var& dy, const Var& x) {
              return [&] {
                Var s = sigmoid(x);
                return dy * (s + x * s * (1.0 - s));
              }();
            }));
}

void define_silu_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "silu", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
