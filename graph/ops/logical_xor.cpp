#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_logical_xor(OpTable& table) {
  table.add(binary_op(
      "logical_xor", R"(x or y but not both (zero is False), elementwise with broadcasting; bool.

>>> import miai as mi, miai.functional as F
>>> F.logical_xor(mi.tensor([1.0]), mi.tensor([2.0])).tolist()
[False]
)",
      PointwiseResult::kBool, [](Expr x, Expr y) { return x.builder->apply(Opcode::kLogicalXor, x, y); }));
}

void define_logical_xor_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "logical_xor", -3, 3);
  integer_samples(list, 2, -5, 6);
  bool_samples(list, 2);
  list.check_grad = false;  // bool
}

}  // namespace miai::ops
