#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_minimum(OpTable& table) {
  table.add(binary_op("minimum",
                      R"(The smaller of x and y; NaN if either is NaN. Equal elements share the gradient.

>>> import miai as mi, miai.functional as F
>>> F.minimum(mi.tensor([1.0, 5.0]), mi.tensor([2.0, 3.0])).tolist()
[1.0, 3.0]
)",
                      PointwiseResult::kPromoted, [](Expr x, Expr y) { return pointwise::min(x, y); }));
}

void define_minimum_grad(GradTable& grads) {
  grads.add("minimum", binary_grad(
                           [](const Var& dy, const Var& x, const Var& y) {
                             return where(less(x, y), dy, where(equal(x, y), dy * 0.5, scalar_like(dy, 0)));
                           },
                           [](const Var& dy, const Var& x, const Var& y) {
                             return where(greater(x, y), dy,
                                          where(equal(x, y), dy * 0.5, scalar_like(dy, 0)));
                           },
                           true));
}

void define_minimum_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "minimum", -3, 3);
  integer_samples(list, 2, -5, 6);
  bool_samples(list, 2);
  list.check_second_order = false;  // it is 0
}

}  // namespace miai::ops
