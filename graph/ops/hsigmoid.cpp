#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_hsigmoid(OpTable& table) {
  table.add(unary_op(
      "hsigmoid", R"(relu6(x + 3) / 6, elementwise (MobileNetV3). Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.hsigmoid(mi.tensor([0.0])).tolist()
[0.5]
)",
      PointwiseResult::kFloat, [](Expr x) { return pointwise::min(pointwise::max(x + 3.0, 0), 6) / 6.0; }));
}

void define_hsigmoid_grad(GradTable& grads) {
  grads.add("hsigmoid", unary_grad([](const Var& dy, const Var& x) {
              return where(greater(x, scalar_like(x, -3)),
                           where(less(x, scalar_like(x, 3)), dy / 6.0, scalar_like(dy, 0)),
                           scalar_like(dy, 0));
            }));
}

void define_hsigmoid_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "hsigmoid", -5, 5);
  integer_samples(list, 1, -5, 6);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
