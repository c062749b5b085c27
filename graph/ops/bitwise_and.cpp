#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_bitwise_and(OpTable& table) {
  OpDef op = binary_op("bitwise_and", R"(x & y of integers or bools, elementwise with broadcasting.

>>> import miai as mi, miai.functional as F
>>> F.bitwise_and(mi.tensor([6]), mi.tensor([3])).tolist()
[2]
)",
                       PointwiseResult::kPromoted,
                       [](Expr x, Expr y) { return x.builder->apply(Opcode::kBitAnd, x, y); });
  op.infer = infer_bits(true);
  table.add(std::move(op));
}

void define_bitwise_and_samples(SampleTable& samples) {
  SampleList& list = bitwise_samples(samples, "bitwise_and", true);
  list.check_grad = false;  // integers
}

}  // namespace miai::ops
