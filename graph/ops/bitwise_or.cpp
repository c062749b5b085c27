#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_bitwise_or(OpTable& table) {
  OpDef op = binary_op("bitwise_or", R"(x | y of integers or bools, elementwise with broadcasting.

>>> import miai as mi, miai.functional as F
>>> F.bitwise_or(mi.tensor([6]), mi.tensor([3])).tolist()
[7]
)",
                       PointwiseResult::kPromoted,
                       [](Expr x, Expr y) { return x.builder->apply(Opcode::kBitOr, x, y); });
  op.infer = infer_bits(true);
  table.add(std::move(op));
}

void define_bitwise_or_samples(SampleTable& samples) {
  SampleList& list = bitwise_samples(samples, "bitwise_or", true);
  list.check_grad = false;  // integers
}

}  // namespace miai::ops
