#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_atan2(OpTable& table) {
  table.add(binary_op(
      "atan2", R"(The angle of the point (y, x) = (first, second), in radians. Integers give float32.

>>> import miai as mi, miai.functional as F
>>> F.atan2(mi.tensor([0.0]), mi.tensor([1.0])).tolist()
[0.0]
)",
      PointwiseResult::kFloat, [](Expr x, Expr y) { return x.builder->apply(Opcode::kAtan2, x, y); }));
}

void define_atan2_grad(GradTable& grads) {
  grads.add("atan2",
            binary_grad([](const Var& dy, const Var& x, const Var& y) { return dy * y / (x * x + y * y); },
                        [](const Var& dy, const Var& x, const Var& y) { return -(dy * x / (x * x + y * y)); },
                        true));
}

void define_atan2_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "atan2", 0.5, 3);
  integer_samples(list, 2, 0.5, 6);
}

}  // namespace miai::ops
