#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {

void define_max(OpTable& table) {
  table.add(reduction_op(
      "max",
      R"(Largest element over axes; all of them if axis is None. NaN if one is NaN. Equal elements share the gradient evenly. Raises ValueError for an empty axis.

>>> import miai as mi, miai.functional as F
>>> F.max(mi.tensor([[1.0, 2.0], [3.0, 0.0]]), axis=0).tolist()
[3.0, 2.0]
)",
      ReduceResult::kSame));
}

void define_max_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars {
    // the largest elements share the gradient evenly (as PyTorch's amax)
    const Var& x = c.input(0);
    Var chosen = cast(equal(x, spread(c, c.output(0))), x.dtype());
    Var share =
        chosen / spread(c, sum(chosen, c.attrs_as<ReduceAttrs>().axis, c.attrs_as<ReduceAttrs>().keepdims));
    return {spread(c, c.grad()) * share};
  };
  grad.saves_inputs = {0};
  grad.saves_outputs = {0};
  grads.add("max", std::move(grad));
}

void define_max_samples(SampleTable& samples) {
  SampleList& list = reduction_samples(samples, "max", false, true);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
