#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"
#include "kernels/common/attrs/clip.h"

namespace miai::ops {

void define_leaky_relu(OpTable& table) {
  OpDef op;
  op.name = "leaky_relu";
  op.doc =
      R"(x where positive, negative_slope * x elsewhere (Maas et al., 2013). Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.leaky_relu(mi.tensor([-2.0, 3.0]), 0.5).tolist()
[-1.0, 3.0]
)";
  op.inputs = {{"x"}};
  op.attrs = &attrs_type<SlopeAttrs>();
  op.infer = infer_pointwise(PointwiseResult::kFloat);
  op.expression = [](pointwise::Builder& b, const Attrs& attrs) {
    pointwise::Expr x = b.input(0);
    return b.select(x > 0, x, x * attrs.as<SlopeAttrs>().negative_slope);
  };
  op.may_overwrite = {0};
  table.add(std::move(op));
}

void define_leaky_relu_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars {
    const Var& x = c.input(0);
    return {
        where(greater(x, scalar_like(x, 0)), c.grad(), c.grad() * c.attrs_as<SlopeAttrs>().negative_slope)};
  };
  grad.saves_inputs = {0};
  grads.add("leaky_relu", std::move(grad));
}

void define_leaky_relu_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "leaky_relu", -3, 3);
  list.valid({f32({3, 5})}, {{"negative_slope", 0.3}});
  integer_samples(list, 1, -5, 6);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
