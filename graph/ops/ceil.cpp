#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_ceil(OpTable& table) {
  table.add(unary_op("ceil", R"(Least integer not below x. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.ceil(mi.tensor([1.5, -1.5])).tolist()
[2.0, -1.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kCeil, x); }));
}

void define_ceil_grad(GradTable& grads) {
  grads.add("ceil", unary_grad([](const Var& dy, const Var&) { return full_like(dy, 0); }));
}

void define_ceil_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "ceil", -3, 3);
  integer_samples(list, 1, -5, 6);
  list.check_grad = false;  // flat: the gradient is 0 where it exists
}

}  // namespace miai::ops
