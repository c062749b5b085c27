#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_square(OpTable& table) {
  table.add(unary_op("square", R"(x * x, elementwise. Any dtype.

>>> import miai as mi, miai.functional as F
>>> F.square(mi.tensor([3.0, -2.0])).tolist()
[9.0, 4.0]
)",
                     PointwiseResult::kPromoted, [](Expr x) { return pointwise::square(x); }));
}

void define_square_grad(GradTable& grads) {
  grads.add("square", unary_grad([](const Var& dy, const Var& x) { return dy * x * 2.0; }));
}

void define_square_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "square", -3, 3);
  integer_samples(list, 1, -5, 6);
  bool_samples(list, 1);
}

}  // namespace miai::ops
