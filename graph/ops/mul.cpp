#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_mul(OpTable& table) {
  table.add(binary_op("mul", R"(x * y with broadcasting. For bools: and.

>>> import miai as mi, miai.functional as F
>>> F.mul(mi.tensor([3.0]), mi.tensor([2.0])).tolist()
[6.0]
)",
                      PointwiseResult::kPromoted, [](Expr x, Expr y) { return x * y; }));
}

void define_mul_grad(GradTable& grads) {
  grads.add("mul", binary_grad([](const Var& dy, const Var&, const Var& y) { return dy * y; },
                               [](const Var& dy, const Var& x, const Var&) { return dy * x; }, true));
}

void define_mul_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "mul", -3, 3);
  integer_samples(list, 2, -5, 6);
  bool_samples(list, 2);
}

}  // namespace miai::ops
