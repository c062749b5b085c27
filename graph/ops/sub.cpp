#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_sub(OpTable& table) {
  OpDef op = binary_op("sub", R"(x - y with broadcasting. Numbers only.

>>> import miai as mi, miai.functional as F
>>> F.sub(mi.tensor([1.0]), mi.tensor([2.0])).tolist()
[-1.0]
)",
                       PointwiseResult::kPromoted, [](Expr x, Expr y) { return x - y; });
  op.infer = infer_numbers();
  table.add(std::move(op));
}

void define_sub_grad(GradTable& grads) {
  grads.add("sub", binary_grad([](const Var& dy, const Var&, const Var&) { return dy; },
                               [](const Var& dy, const Var&, const Var&) { return -dy; }, false));
}

void define_sub_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "sub", -3, 3);
  integer_samples(list, 2, -5, 6);
}

}  // namespace miai::ops
