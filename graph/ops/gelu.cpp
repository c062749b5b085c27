#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_gelu(OpTable& table) {
  table.add(unary_op(
      "gelu",
      R"(x * Phi(x) with the Gaussian distribution function Phi (Hendrycks and Gimpel, 2016); exact, by erf. Integers and bools give float32.

>>> import miai as mi, miai.functional as F
>>> F.gelu(mi.tensor([0.0])).tolist()
[0.0]
)",
      PointwiseResult::kFloat,
      [](Expr x) { return x * 0.5 * (1.0 + pointwise::erf(x * 0.7071067811865476)); }));
}

void define_gelu_grad(GradTable& grads) {
  grads.add("gelu", unary_grad([](const Var& dy, const Var& x) {
              return dy * (emit1(find_op("erf"), Attrs(), {x * 0.7071067811865476}) * 0.5 + 0.5 +
                           x * exp(x * x * -0.5) * 0.3989422804014327);
            }));
}

void define_gelu_samples(SampleTable& samples) {
  SampleList& list = unary_samples(samples, "gelu", -3, 3);
  integer_samples(list, 1, -5, 6);
}

}  // namespace miai::ops
