#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_abs(OpTable& table) {
  table.add(unary_op("abs", R"(Absolute value, elementwise. Any dtype. The gradient at 0 is 0.

>>> import miai as mi, miai.functional as F
>>> F.abs(mi.tensor([1.0, -2.0])).tolist()
[1.0, 2.0]
)",
                     PointwiseResult::kPromoted, [](Expr x) { return pointwise::abs(x); }));
}

void define_abs_grad(GradTable& grads) {
  grads.add("abs", unary_grad([](const Var& dy, const Var& x) { return dy * sign(x); }));
}

void define_abs_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "abs", -3, 3);
  integer_samples(list, 1, -5, 6);
  bool_samples(list, 1);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
