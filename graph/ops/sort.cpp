#include <cmath>

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"
#include "kernels/common/attrs/sort.h"

namespace miai::ops {
namespace {

void infer_sort(InferContext& c) {
  const TensorType& in = c.input(0);
  c.check_min_rank(0, 1);
  int axis = c.axis(c.attrs<SortAttrs>().dim, in.rank(), "dim");
  if (in.shape[axis].is_static() && in.shape[axis].value() > INT32_MAX)
    c.fail(ErrorKind::kValue, "inp", "expected at most 2**31 - 1 elements in dimension ", axis, ", got ",
           in.shape[axis]);
  c.output_like(0, in.shape);
  c.output(DType::kInt32, in.shape, in.device);
}

Vars sort_grad(GradContext& c) {
  if (!c.grad()) return {{}};
  const TensorType& in = c.input_type(0);
  Var zeros = full(in.shape, 0, in.dtype, in.device);
  Attrs axis = make_attrs(AxisAttrs{c.attrs_as<SortAttrs>().dim});
  return {emit1(find_op("scatter_add"), axis, {zeros, c.output(1), c.grad()})};
}

}  // namespace

void define_sort(OpTable& table) {
  OpDef op;
  op.name = "sort";
  op.doc = R"(`inp` sorted along an axis, and where each value stood (int32).

Equal values keep their order; NaN counts as the greatest. Any dtype.

>>> import miai.functional as F, miai as mi
>>> values, indices = F.sort(mi.tensor([3, 1, 2]))
>>> values.tolist(), indices.tolist()
([1, 2, 3], [1, 2, 0])
)";
  op.inputs = {{"inp"}};
  op.outputs = {{"values"}, {"indices"}};
  op.attrs = &attrs_type<SortAttrs>();
  op.infer = infer_sort;
  table.add(std::move(op));
}

void define_sort_grad(GradTable& grads) { grads.add("sort", {sort_grad, {}, {1}}); }

void define_sort_samples(SampleTable& samples) {
  auto attrs = [](bool descending, int64_t dim) {
    return AttrList{{"descending", descending}, {"dim", dim}};
  };
  samples.of("sort")
      .valid({f32({5}).all_distinct()})
      .valid({f32({5}).all_distinct()}, attrs(true, 0))
      .valid({f32({3, 4}).all_distinct()}, attrs(false, 0))
      .valid({f32({3, 4}).all_distinct()}, attrs(true, -1))
      .valid({f32({2, 3, 4}).all_distinct()}, attrs(false, 1))
      .valid({f32({0, 3})}, attrs(false, 0))
      .valid({f32({3, 0})}, attrs(false, 0))
      .valid({f32({1})})
      .valid({f32({5}).of({1, NAN, -1, INFINITY, 0}).no_grad()}, attrs(true, 0))
      .valid({f32({4, 3}).all_distinct().transposed()}, attrs(false, 0))
      .valid({f32({4, 3}).all_distinct().sliced()}, attrs(false, 1))
      .valid({f64({9}).all_distinct()})
      .valid({f16({9}).all_distinct()})
      .valid({i64({9}, 0, 3)})
      .valid({b8({9})})
      .invalid({f32({5})}, attrs(false, 1), ErrorKind::kValue,
               "sort: argument 'dim': expected an axis in [-1, 1)")
      .invalid({f32({5})}, attrs(false, -2), ErrorKind::kValue, "argument 'dim': expected an axis in [-1, 1)")
      .invalid({f32({})}, {}, ErrorKind::kValue, "argument 'inp': expected rank at least 1")
      .invalid({f32({5})}, {{"descending", std::string("x")}}, ErrorKind::kType, "descending")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
