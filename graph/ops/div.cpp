#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_div(OpTable& table) {
  table.add(binary_op("div", R"(x / y with broadcasting; integers give float32.

>>> import miai as mi, miai.functional as F
>>> F.div(mi.tensor([3.0]), mi.tensor([2.0])).tolist()
[1.5]
)",
                      PointwiseResult::kFloat, [](Expr x, Expr y) { return x / y; }));
}

void define_div_grad(GradTable& grads) {
  grads.add("div",
            binary_grad([](const Var& dy, const Var&, const Var& y) { return dy / y; },
                        [](const Var& dy, const Var& x, const Var& y) { return -(dy * x / (y * y)); }, true));
}

void define_div_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "div", 0.5, 3);
  integer_samples(list, 2, 0.5, 6);
}

}  // namespace miai::ops
