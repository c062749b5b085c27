#include "graph/ops/builders.h"
#include "graph/ops/gather_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"

namespace miai {

void check_gather_index(const InferContext& c) {
  c.check_min_rank(0, 1);
  c.check_int(1);
  int rank = c.input(0).rank(), axis = c.axis(c.attrs<AxisAttrs>().axis, rank);
  c.check_rank(1, rank);
  const Dims &shape = c.input(0).shape, &index = c.input(1).shape;
  for (int i = 0; i < rank; ++i) {
    if (i == axis) continue;
    bool known = shape[i].is_static() && index[i].is_static();
    if (known ? index[i].value() > shape[i].value() : !dims_equal(index[i], shape[i]))
      c.fail(ErrorKind::kValue, "index", "expected at most ", shape[i], " in dimension ", i,
             " (as the tensor indexed has), got ", index[i], " (shape ", index, ")");
  }
}

namespace ops {

void define_gather(OpTable& table) {
  OpDef op;
  op.name = "gather";
  op.doc = R"(Elements of `inp` picked along an axis: with axis 1, out[i, j] = inp[i, index[i, j]].

`index`: integers of the rank of `inp`, nowhere larger but along the axis; negative values count from the
end. The output has its shape. Raises IndexError for a value out of bounds.

>>> import miai.functional as F, miai as mi
>>> F.gather(mi.tensor([[1, 2], [3, 4]]), axis=1, index=mi.tensor([[0], [1]])).tolist()
[[1], [4]]
)";
  op.inputs = {{"inp"}, {"index"}};
  op.attrs = &attrs_type<AxisAttrs>();
  op.infer = [](InferContext& c) {
    check_gather_index(c);
    c.output_like(0, c.input(1).shape);
  };
  op.checks_values = true;
  table.add(std::move(op));
}

void define_gather_grad(GradTable& grads) {
  grads.add("gather", {[](GradContext& c) -> Vars {
                         const TensorType& in = c.input_type(0);
                         Var zeros = full(in.shape, 0, in.dtype, in.device);
                         return {emit1(find_op("scatter_add"), c.attrs, {zeros, c.input(1), c.grad()}), {}};
                       },
                       {1}});
}

void define_gather_samples(SampleTable& samples) {
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  samples.of("gather")
      .valid({f32({5}), i64({3}, -5, 5)}, axis(0))
      .valid({f32({3, 4}), i64({3, 2}, 0, 4)}, axis(1))
      .valid({f32({3, 4}), i64({5, 4}, 0, 3)}, axis(0))
      .valid({f32({3, 4}), i64({2, 3}, 0, 3)}, axis(0))
      .valid({f32({3, 4, 2}), i64({3, 1, 2}, 0, 4)}, axis(-2))
      .valid({f32({3, 4}), i64({3, 0}, 0, 4)}, axis(1))
      .valid({f32({0, 4}), i64({0, 2}, 0, 4)}, axis(1))
      .valid({f32({1, 1}), i64({1, 1}, 0, 1)}, axis(0))
      .valid({f32({4, 6}).transposed(), i32({4, 3}, 0, 6).transposed()}, axis(1))
      .valid({f32({4, 6}).sliced(), i32({4, 3}, 0, 6).sliced()}, axis(1))
      .valid({f32({4, 6}).broadcast(), i64({4, 3}, 0, 6)}, axis(1))
      .valid({f64({5}), i64({3}, 0, 5)}, axis(0))
      .valid({f16({5}), i64({3}, 0, 5)}, axis(0))
      .valid({i32({5}), i32({3}, 0, 5)}, axis(0))
      .valid({b8({5}), i64({3}, 0, 5)}, axis(0))
      .invalid({f32({3, 4}), i64({1, 1}).of({4})}, axis(1), ErrorKind::kIndex,
               "gather: argument 'index': expected indices in [-4, 4) of axis 1, got 4")
      .invalid({f32({5}), f32({3})}, axis(0), ErrorKind::kType, "argument 'index': expected an integer dtype")
      .invalid({f32({3, 4}), i64({3}, 0, 3)}, axis(1), ErrorKind::kValue, "argument 'index': expected rank 2")
      .invalid({f32({3, 4}), i64({4, 4}, 0, 3)}, axis(1), ErrorKind::kValue,
               "expected at most 3 in dimension 0")
      .invalid({f32({3, 4}), i64({3, 4}, 0, 3)}, axis(2), ErrorKind::kValue, "argument 'axis'")
      .invalid({f32({}), i64({}, 0, 1)}, axis(0), ErrorKind::kValue, "expected rank at least 1");
}

}  // namespace ops
}  // namespace miai
