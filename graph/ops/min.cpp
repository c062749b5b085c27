#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {

void define_min(OpTable& table) {
  table.add(reduction_op(
      "min",
      R"(Smallest element over axes; all of them if axis is None. NaN if one is NaN. Equal elements share the gradient evenly. Raises ValueError for an empty axis.

>>> import miai as mi, miai.functional as F
>>> F.min(mi.tensor([[1.0, 2.0], [3.0, 0.0]]), axis=0).tolist()
[1.0, 0.0]
)",
      ReduceResult::kSame));
}

void define_min_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars {
    // the smallest elements share the gradient evenly (as PyTorch's amin)
    const Var& x = c.input(0);
    Var chosen = cast(equal(x, spread(c, c.output(0))), x.dtype());
    Var share =
        chosen / spread(c, sum(chosen, c.attrs_as<ReduceAttrs>().axis, c.attrs_as<ReduceAttrs>().keepdims));
    return {spread(c, c.grad()) * share};
  };
  grad.saves_inputs = {0};
  grad.saves_outputs = {0};
  grads.add("min", std::move(grad));
}

void define_min_samples(SampleTable& samples) {
  SampleList& list = reduction_samples(samples, "min", false, true);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
