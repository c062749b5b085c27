// softmax and log_softmax: their gradients are written as other operators, which pointwise fusion joins.
#include "kernels/common/attrs/softmax.h"

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"

namespace miai::ops {
namespace {

void infer_softmax(InferContext& c) {
  c.check_float(0);
  c.check_min_rank(0, 1);
  int rank = c.input(0).rank();
  if (std::optional<int64_t> axis = c.attrs<SoftmaxAttrs>().axis) c.axis(*axis, rank);
  c.output_like(0, c.input(0).shape);
}

OpDef softmax_op(std::string name, std::string doc) {
  OpDef op;
  op.name = std::move(name);
  op.doc = std::move(doc);
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<SoftmaxAttrs>();
  op.infer = infer_softmax;
  op.may_overwrite = {0};
  return op;
}

Ints axis_of(const GradContext& c) {
  return {softmax_axis(c.attrs_as<SoftmaxAttrs>(), c.input_type(0).rank())};
}
Vars softmax_grad(GradContext& c) {
  Var weighted = c.grad() * c.output(0);
  return {weighted - c.output(0) * sum(weighted, axis_of(c), true)};
}
Vars log_softmax_grad(GradContext& c) {
  return {c.grad() - exp(c.output(0)) * sum(c.grad(), axis_of(c), true)};
}

void add_samples(SampleTable& samples, const std::string& name) {
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  samples.of(name)
      .valid({f32({2, 3})})
      .valid({f32({2, 3})}, axis(0))
      .valid({f32({2, 3})}, axis(-1))
      .valid({f32({5})})
      .valid({f32({2, 3, 4})})
      .valid({f32({2, 3, 4, 5})})
      .valid({f32({3, 4, 5})}, axis(1))
      .valid({f32({1, 1})}, axis(1))
      .valid({f32({0, 3})}, axis(1))
      .valid({f32({3, 0})}, axis(1))
      .valid({f32({5, 131})}, axis(1))
      .valid({f32({4, 6}).range(-90, 90)}, axis(1))
      .valid({f32({7, 5}).transposed()}, axis(1))
      .valid({f32({3, 5, 7}).sliced()}, axis(2))
      .valid({f32({4, 6}).broadcast()}, axis(1))
      .valid({f64({3, 5})}, axis(1))
      .valid({f16({3, 5})}, axis(1))
      .valid({bf16({3, 5})}, axis(0))
      .invalid({f32({2, 3})}, axis(2), ErrorKind::kValue,
               name + ": argument 'axis': expected an axis in [-2, 2)")
      .invalid({f32({2, 3})}, axis(-3), ErrorKind::kValue,
               name + ": argument 'axis': expected an axis in [-2, 2) of a tensor of rank 2, got -3")
      .invalid({i64({2, 3})}, axis(1), ErrorKind::kType,
               name + ": argument 'inp': expected a floating dtype, got int64")
      .invalid({f32({})}, {}, ErrorKind::kValue, name + ": argument 'inp': expected rank at least 1")
      .invalid({f32({2, 3})}, {{"axis", std::string("x")}}, ErrorKind::kType,
               name + ": argument 'axis': expected an int or None")
      .invalid({std::nullopt}, {}, ErrorKind::kType, name + ": argument 'inp': missing")
      .invalid({f32({2, 3})}, {{"dim", int64_t{0}}}, ErrorKind::kType, "'dim'");
}

}  // namespace

void define_softmax(OpTable& table) {
  table.add(softmax_op("softmax", R"(exp(inp) over its sum along an axis.

`inp`: floating dtype. No element is too large: the greatest is subtracted first.

>>> import miai as mi, miai.functional as F
>>> F.softmax(mi.tensor([[1.0, 1.0]]), 1).tolist()
[[0.5, 0.5]]
)"));
  table.add(softmax_op("log_softmax", R"(The logarithm of softmax: inp - log(sum(exp(inp))) along an axis.

`inp`: floating dtype. No element is too large: the greatest is subtracted first.

>>> import miai as mi, miai.functional as F
>>> round(F.log_softmax(mi.tensor([[1.0, 1.0]]), 1)[0, 0].item(), 4)
-0.6931
)"));
}

void define_softmax_grad(GradTable& grads) {
  grads.add("softmax", {softmax_grad, {}, {0}});
  grads.add("log_softmax", {log_softmax_grad, {}, {0}});
}

void define_softmax_samples(SampleTable& samples) {
  add_samples(samples, "softmax");
  add_samples(samples, "log_softmax");
}

}  // namespace miai::ops
