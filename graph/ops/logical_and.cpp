#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_logical_and(OpTable& table) {
  table.add(binary_op("logical_and", R"(x and y (zero is False), elementwise with broadcasting; bool.

>>> import miai as mi, miai.functional as F
>>> F.logical_and(mi.tensor([1.0]), mi.tensor([2.0])).tolist()
[True]
)",
                      PointwiseResult::kBool,
                      [](Expr x, Expr y) { return x.builder->apply(Opcode::kLogicalAnd, x, y); }));
}

void define_logical_and_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "logical_and", -3, 3);
  integer_samples(list, 2, -5, 6);
  bool_samples(list, 2);
  list.check_grad = false;  // bool
}

}  // namespace miai::ops
