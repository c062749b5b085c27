#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_logical_not(OpTable& table) {
  table.add(unary_op("logical_not", R"(Whether each element is zero or False; bool.

>>> import miai as mi, miai.functional as F
>>> F.logical_not(mi.tensor([True, False])).tolist()
[False, True]
)",
                     PointwiseResult::kBool,
                     [](Expr x) { return x.builder->apply(Opcode::kLogicalNot, x); }));
}

void define_logical_not_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "logical_not", -3, 3);
  integer_samples(list, 1, -5, 6);
  bool_samples(list, 1);
  list.check_grad = false;  // bool
}

}  // namespace miai::ops
