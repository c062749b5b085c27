#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

using pointwise::Expr;
using pointwise::Opcode;

void define_mod(OpTable& table) {
  table.add(binary_op("mod", R"(x % y with the sign of y as in Python; integers modulo 0 give 0 as in NumPy.

>>> import miai as mi, miai.functional as F
>>> F.mod(mi.tensor([7, -7]), mi.tensor([3, 3])).tolist()
[1, 2]
)",
                      PointwiseResult::kPromoted,
                      [](Expr x, Expr y) { return x.builder->apply(Opcode::kMod, x, y); }));
}

void define_mod_grad(GradTable& grads) {
  grads.add("mod", binary_grad([](const Var& dy, const Var&, const Var&) { return dy; },
                               [](const Var& dy, const Var& x, const Var& y) {
                                 return -(dy * emit1(find_op("floor_div"), Attrs(), {x, y}));
                               },
                               true));
}

void define_mod_samples(SampleTable& samples) {
  SampleList& list = binary_samples(samples, "mod", 0.5, 5);
  integer_samples(list, 2, 0.5, 6);
  list.check_grad = false;  // jumps where x / y is whole
}

}  // namespace miai::ops
