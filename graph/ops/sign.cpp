#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_sign(OpTable& table) {
  table.add(unary_op("sign", R"(-1, 0 or 1 by the sign of x; NaN for NaN. Any dtype.

>>> import miai as mi, miai.functional as F
>>> F.sign(mi.tensor([3.0, 0.0, -2.0])).tolist()
[1.0, 0.0, -1.0]
)",
                     PointwiseResult::kPromoted, [](Expr x) { return x.builder->apply(Opcode::kSign, x); }));
}

void define_sign_grad(GradTable& grads) {
  grads.add("sign", unary_grad([](const Var& dy, const Var&) { return full_like(dy, 0); }));
}

void define_sign_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "sign", -3, 3);
  integer_samples(list, 1, -5, 6);
  bool_samples(list, 1);
  list.check_grad = false;  // flat: the gradient is 0 where it exists
}

}  // namespace miai::ops
