#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_add(OpTable& table) {
  table.add(binary_op(
      "add",
      R"(x + y with broadcasting; NumPy promotion, but an integer with a float takes the float dtype. For bools: or.

>>> import miai as mi, miai.functional as F
>>> F.add(mi.tensor([1.0]), mi.tensor([2.0])).tolist()
[3.0]
)",
      PointwiseResult::kPromoted, [](Expr x, Expr y) { return x + y; }));
}

void define_add_grad(GradTable& grads) {
  grads.add("add", binary_grad([](const Var& dy, const Var&, const Var&) { return dy; },
                               [](const Var& dy, const Var&, const Var&) { return dy; }, false));
}

void define_add_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "add", -3, 3);
  integer_samples(list, 2, -5, 6);
  bool_samples(list, 2);
}

}  // namespace miai::ops
