#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_maximum(OpTable& table) {
  table.add(binary_op("maximum",
                      R"(The larger of x and y; NaN if either is NaN. Equal elements share the gradient.

>>> import miai as mi, miai.functional as F
>>> F.maximum(mi.tensor([1.0, 5.0]), mi.tensor([2.0, 3.0])).tolist()
[2.0, 5.0]
)",
                      PointwiseResult::kPromoted, [](Expr x, Expr y) { return pointwise::max(x, y); }));
}

void define_maximum_grad(GradTable& grads) {
  grads.add("maximum", binary_grad(
                           [](const Var& dy, const Var& x, const Var& y) {
                             return where(greater(x, y), dy,
                                          where(equal(x, y), dy * 0.5, scalar_like(dy, 0)));
                           },
                           [](const Var& dy, const Var& x, const Var& y) {
                             return where(less(x, y), dy, where(equal(x, y), dy * 0.5, scalar_like(dy, 0)));
                           },
                           true));
}

void define_maximum_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "maximum", -3, 3);
  integer_samples(list, 2, -5, 6);
  bool_samples(list, 2);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
