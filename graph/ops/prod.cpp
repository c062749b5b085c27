#include "graph/ops/builders.h"
#include "graph/ops/reduction.h"

namespace miai::ops {

void define_prod(OpTable& table) {
  table.add(reduction_op(
      "prod",
      R"(Product over axes; all of them if axis is None. Floats keep their dtype, integers and bools give int64. An empty product is 1.

>>> import miai as mi, miai.functional as F
>>> F.prod(mi.tensor([2.0, 3.0])).tolist()
6.0
)",
      ReduceResult::kSum));
}

void define_prod_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars {
    // product of the others: an element that is 0 gets it only if it is the one 0
    const Var& x = c.input(0);
    const auto& a = c.attrs_as<ReduceAttrs>();
    Var is_zero = equal(x, scalar_like(x, 0));
    Var zeros = spread(c, sum(cast(is_zero, x.dtype()), a.axis, a.keepdims));
    Var filled = where(is_zero, scalar_like(x, 1), x);
    Var product = spread(c, emit1(c.op, c.attrs, {filled}));
    Var none = scalar_like(x, 0);
    Var at_zero = where(equal(zeros, scalar_like(x, 1)), product, none);
    Var elsewhere = where(equal(zeros, none), product / filled, none);
    return {spread(c, c.grad()) * where(is_zero, at_zero, elsewhere)};
  };
  grad.saves_inputs = {0};
  grads.add("prod", std::move(grad));
}

void define_prod_samples(SampleTable& samples) { reduction_samples(samples, "prod", true, false); }

}  // namespace miai::ops
