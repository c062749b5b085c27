#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_floor_div(OpTable& table) {
  table.add(binary_op(
      "floor_div", R"(x // y rounded down as in Python; integers divided by 0 give 0 as in NumPy.

>>> import miai as mi, miai.functional as F
>>> F.floor_div(mi.tensor([7, -7]), mi.tensor([2, 2])).tolist()
[3, -4]
)",
      PointwiseResult::kPromoted, [](Expr x, Expr y) { return x.builder->apply(Opcode::kFloorDiv, x, y); }));
}

void define_floor_div_grad(GradTable& grads) {
  grads.add("floor_div",
            binary_grad([](const Var& dy, const Var&, const Var&) { return full_like(dy, 0); },
                        [](const Var& dy, const Var&, const Var&) { return full_like(dy, 0); }, false));
}

void define_floor_div_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "floor_div", 0.5, 5);
  integer_samples(list, 2, 0.5, 6);
  list.check_grad = false;  // flat: the gradient is 0 where it exists
}

}  // namespace miai::ops
