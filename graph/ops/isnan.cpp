#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_isnan(OpTable& table) {
  table.add(unary_op("isnan", R"(Whether each element is NaN; bool.

>>> import miai as mi, miai.functional as F
>>> F.isnan(mi.tensor([1.0, float('nan')])).tolist()
[False, True]
)",
                     PointwiseResult::kBool, [](Expr x) { return x.builder->apply(Opcode::kIsNan, x); }));
}

void define_isnan_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "isnan", -3, 3);
  integer_samples(list, 1, -5, 6);
  bool_samples(list, 1);
  list.check_grad = false;  // bool
}

}  // namespace miai::ops
