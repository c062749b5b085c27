#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_hswish(OpTable& table) {
  table.add(unary_op("hswish",
                     R"(x * relu6(x + 3) / 6, elementwise (MobileNetV3). Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.hswish(mi.tensor([3.0])).tolist()
[3.0]
)",
                     PointwiseResult::kFloat,
                     [](Expr x) { return x * pointwise::min(pointwise::max(x + 3.0, 0), 6) / 6.0; }));
}

void define_hswish_grad(GradTable& grads) {
  grads.add("hswish", unary_grad([](const Var& dy, const Var& x) {
              return where(greater(x, scalar_like(x, -3)),
                           where(less(x, scalar_like(x, 3)), dy * (x / 3.0 + 0.5), dy), scalar_like(dy, 0));
            }));
}

void define_hswish_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "hswish", -5, 5);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
