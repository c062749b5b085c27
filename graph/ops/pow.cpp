#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_pow(OpTable& table) {
  table.add(binary_op(
      "pow", R"(x to the power y with broadcasting. Gradients with respect to y need x > 0 (0 elsewhere).

>>> import miai as mi, miai.functional as F
>>> F.pow(mi.tensor([3.0]), mi.tensor([2.0])).tolist()
[9.0]
)",
      PointwiseResult::kPromoted, [](Expr x, Expr y) { return x.builder->apply(Opcode::kPow, x, y); }));
}

void define_pow_grad(GradTable& grads) {
  grads.add("pow",
            binary_grad(
                [](const Var& dy, const Var& x, const Var& y) {
                  // x to the power 0 is constant, also where x is 0
                  return where(equal(y, scalar_like(y, 0)), scalar_like(dy, 0), dy * y * pow(x, y - 1.0));
                },
                [](const Var& dy, const Var& x, const Var& y) {
                  return dy * pow(x, y) * log(where(greater(x, scalar_like(x, 0)), x, scalar_like(x, 1)));
                },
                true));
}

void define_pow_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "pow", 0.5, 3);
  integer_samples(list, 2, 0.5, 6);
  list.valid({f32({33, 17}), f32({}).of({2}).no_grad()})  // one exponent for all
      .valid({f64({70}), f64({}).of({2}).no_grad()})
      .valid({typed(DType::kInt32, {40}).range(-9, 9), typed(DType::kInt32, {}).of({2})})
      .valid({f32({2, 3}).range(0.5, 2), f32({3}).of({2, 2, 0.5}).no_grad()});
}

}  // namespace miai::ops
