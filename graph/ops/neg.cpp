#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_neg(OpTable& table) {
  OpDef op = unary_op("neg", R"(-x, elementwise. Any numeric dtype; the result has the dtype of `x`.

>>> import miai as mi, miai.functional as F
>>> F.neg(mi.tensor([1.0, -2.0])).tolist()
[-1.0, 2.0]
)",
                      PointwiseResult::kPromoted, [](Expr x) { return -x; });
  op.infer = infer_numbers();
  table.add(std::move(op));
}

void define_neg_grad(GradTable& grads) {
  grads.add("neg", unary_grad([](const Var& dy, const Var&) { return -dy; }));
}

void define_neg_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "neg", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
