#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_floor(OpTable& table) {
  table.add(unary_op("floor", R"(Greatest integer not above x. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.floor(mi.tensor([1.5, -1.5])).tolist()
[1.0, -2.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kFloor, x); }));
}

void define_floor_grad(GradTable& grads) {
  grads.add("floor", unary_grad([](const Var& dy, const Var&) { return full_like(dy, 0); }));
}

void define_floor_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "floor", -3, 3);
  integer_samples(list, 1, -5, 6);
  list.check_grad = false;  // flat: the gradient is 0 where it exists
}

}  // namespace miai::ops
