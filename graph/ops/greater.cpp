#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_greater(OpTable& table) {
  table.add(binary_op("greater", R"(x > y, elementwise with broadcasting; bool.

>>> import miai as mi, miai.functional as F
>>> F.greater(mi.tensor([1.0]), mi.tensor([2.0])).tolist()
[False]
)",
                      PointwiseResult::kBool,
                      [](Expr x, Expr y) { return x.builder->apply(Opcode::kGreater, x, y); }));
}

void define_greater_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "greater", -3, 3);
  integer_samples(list, 2, -5, 6);
  bool_samples(list, 2);
  list.check_grad = false;  // bool
}

}  // namespace miai::ops
