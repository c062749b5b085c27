#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_acos(OpTable& table) {
  table.add(unary_op("acos",
                     R"(Inverse cosine, in radians; NaN outside of [-1, 1]. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.acos(mi.tensor([1.0])).tolist()
[0.0]
)",
                     PointwiseResult::kFloat, [](Expr x) { return x.builder->apply(Opcode::kAcos, x); }));
}

void define_acos_grad(GradTable& grads) {
  grads.add("acos", unary_grad([](const Var& dy, const Var& x) { return -(dy / sqrt(1.0 - x * x)); }));
}

void define_acos_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "acos", -0.9, 0.9);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
