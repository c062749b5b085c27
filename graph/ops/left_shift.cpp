#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_left_shift(OpTable& table) {
  OpDef op = binary_op("left_shift", R"(x << y of integers, elementwise with broadcasting.

>>> import miai as mi, miai.functional as F
>>> F.left_shift(mi.tensor([6]), mi.tensor([3])).tolist()
[48]
)",
                       PointwiseResult::kPromoted,
                       [](Expr x, Expr y) { return x.builder->apply(Opcode::kShiftLeft, x, y); });
  op.infer = infer_bits(false);
  table.add(std::move(op));
}

void define_left_shift_samples(SampleTable& samples) {
  SampleList& list = bitwise_samples(samples, "left_shift", false);
  list.check_grad = false;  // integers
}

}  // namespace miai::ops
