#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_sigmoid(OpTable& table) {
  table.add(unary_op("sigmoid", R"(1 / (1 + e^-x), elementwise. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.sigmoid(mi.tensor([0.0])).tolist()
[0.5]
)",
                     PointwiseResult::kFloat, [](Expr x) { return 1.0 / (1.0 + pointwise::exp(-x)); }));
}

void define_sigmoid_grad(GradTable& grads) {
  grads.add("sigmoid",
            unary_grad_from_output([](const Var& dy, const Var& y) { return dy * y * (1.0 - y); }));
}

void define_sigmoid_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "sigmoid", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
