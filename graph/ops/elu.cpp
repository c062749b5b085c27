#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {
namespace {

struct EluAttrs {
  double alpha = 1;
  static auto fields() {
    return std::tuple{field("alpha", &EluAttrs::alpha, "the result goes to -alpha for small x")};
  }
};

}  // namespace

void define_elu(OpTable& table) {
  OpDef op;
  op.name = "elu";
  op.doc =
      R"(x where positive, alpha * (exp(x) - 1) elsewhere (Clevert et al., 2015). Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.elu(mi.tensor([-1e9, 3.0]), 0.5).tolist()
[-0.5, 3.0]
)";
  op.inputs = {{"x"}};
  op.attrs = &attrs_type<EluAttrs>();
  op.infer = infer_pointwise(PointwiseResult::kFloat);
  op.expression = [](pointwise::Builder& b, const Attrs& attrs) {
    pointwise::Expr x = b.input(0);
    pointwise::Expr below = b.apply(pointwise::Opcode::kExpm1, min(x, 0));
    return b.select(x > 0, x, below * attrs.as<EluAttrs>().alpha);
  };
  op.may_overwrite = {0};
  table.add(std::move(op));
}

void define_elu_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars {
    const Var& x = c.input(0);
    Var zero = scalar_like(x, 0), is_positive = greater(x, zero);
    Var slope = exp(where(is_positive, zero, x)) * c.attrs_as<EluAttrs>().alpha;
    return {where(is_positive, c.grad(), c.grad() * slope)};
  };
  grad.saves_inputs = {0};
  grads.add("elu", std::move(grad));
}

void define_elu_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "elu", -3, 3);
  list.valid({f32({3, 5}).range(-3, 3)}, {{"alpha", 0.3}});
  list.valid({f32({3, 5}).range(-200, 200)});
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
