#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {

void define_sum(OpTable& table) {
  table.add(reduction_op(
      "sum",
      R"(Sum over axes; all of them if axis is None. Floats keep their dtype, integers and bools give int64. An empty sum is 0.

>>> import miai as mi, miai.functional as F
>>> F.sum(mi.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0).tolist()
[4.0, 6.0]
)",
      ReduceResult::kSum));
}

void define_sum_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars { return {spread(c, c.grad())}; };
  grads.add("sum", std::move(grad));
}

void define_sum_samples(SampleTable& samples) { reduction_samples(samples, "sum", true, false); }

}  // namespace miai::ops
