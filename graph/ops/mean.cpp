#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {

void define_mean(OpTable& table) {
  table.add(reduction_op(
      "mean",
      R"(Mean over axes; all of them if axis is None. Floats keep their dtype, integers and bools give float32. An empty mean is NaN.

>>> import miai as mi, miai.functional as F
>>> F.mean(mi.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0).tolist()
[2.0, 3.0]
)",
      ReduceResult::kMean));
}

void define_mean_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars { return {spread(c, divide_by_count(c, c.grad()))}; };
  grads.add("mean", std::move(grad));
}

void define_mean_samples(SampleTable& samples) { reduction_samples(samples, "mean", true, false); }

}  // namespace miai::ops
