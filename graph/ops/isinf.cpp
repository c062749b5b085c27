#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_isinf(OpTable& table) {
  table.add(unary_op("isinf", R"(Whether each element is infinite; bool.

>>> import miai as mi, miai.functional as F
>>> F.isinf(mi.tensor([1.0, float('inf')])).tolist()
[False, True]
)",
                     PointwiseResult::kBool, [](Expr x) { return x.builder->apply(Opcode::kIsInf, x); }));
}

void define_isinf_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "isinf", -3, 3);
  integer_samples(list, 1, -5, 6);
  bool_samples(list, 1);
  list.check_grad = false;  // bool
}

}  // namespace miai::ops
