#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_relu(OpTable& table) {
  table.add(unary_op("relu", R"(max(x, 0), elementwise. The gradient at 0 is 0.

>>> import miai as mi, miai.functional as F
>>> F.relu(mi.tensor([-1.0, 2.0])).tolist()
[0.0, 2.0]
)",
                     PointwiseResult::kPromoted, [](Expr x) { return pointwise::max(x, 0); }));
}

void define_relu_grad(GradTable& grads) {
  grads.add("relu", unary_grad_from_output([](const Var& dy, const Var& y) {
              return where(greater(y, scalar_like(y, 0)), dy, scalar_like(dy, 0));
            }));
}

void define_relu_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "relu", -3, 3);
  integer_samples(list, 1, -5, 6);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
