#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_relu6(OpTable& table) {
  table.add(unary_op("relu6", R"(min(max(x, 0), 6), elementwise (MobileNet).

>>> import miai as mi, miai.functional as F
>>> F.relu6(mi.tensor([-1.0, 2.0, 8.0])).tolist()
[0.0, 2.0, 6.0]
)",
                     PointwiseResult::kPromoted,
                     [](Expr x) { return pointwise::min(pointwise::max(x, 0), 6); }));
}

void define_relu6_grad(GradTable& grads) {
  grads.add("relu6", unary_grad_from_output([](const Var& dy, const Var& y) {
              return where(greater(y, scalar_like(y, 0)),
                           where(less(y, scalar_like(y, 6)), dy, scalar_like(dy, 0)), scalar_like(dy, 0));
            }));
}

void define_relu6_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "relu6", -4, 9);
  integer_samples(list, 1, -5, 6);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
