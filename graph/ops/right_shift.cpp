#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_right_shift(OpTable& table) {
  OpDef op = binary_op("right_shift", R"(x >> y of integers, keeping the sign, elementwise with broadcasting.

>>> import miai as mi, miai.functional as F
>>> F.right_shift(mi.tensor([6]), mi.tensor([3])).tolist()
[0]
)",
                       PointwiseResult::kPromoted,
                       [](Expr x, Expr y) { return x.builder->apply(Opcode::kShiftRight, x, y); });
  op.infer = infer_bits(false);
  table.add(std::move(op));
}

void define_right_shift_samples(SampleTable& samples) {
  SampleList& list = bitwise_samples(samples, "right_shift", false);
  list.check_grad = false;  // integers
}

}  // namespace miai::ops
