#include "graph/ops/gather_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/reduce.h"

namespace miai::ops {
namespace {

void infer_scatter_add(InferContext& c) {
  check_gather_index(c);
  c.check_same_dtype(0, 2);
  c.check_rank(2, c.input(1).rank());
  for (int i = 0; i < c.input(1).rank(); ++i) c.check_dim(2, i, c.input(1).shape[i], "as 'index' has");
  c.output_like(0, c.input(0).shape);
}

}  // namespace

void define_scatter_add(OpTable& table) {
  OpDef op;
  op.name = "scatter_add";
  op.doc =
      R"(`inp` with elements of `source` added along an axis: with axis 1, out[i, index[i, j]] += source[i, j].

`index`: integers of the rank of `inp`, nowhere larger but along the axis. `source`: of the shape of `index`
and the dtype of `inp`. Raises IndexError for a value out of bounds.

>>> import miai.functional as F, miai as mi
>>> F.scatter_add(mi.tensor([1, 1]), axis=0, index=mi.tensor([0, 0]), source=mi.tensor([2, 3])).tolist()
[6, 1]
)";
  op.inputs = {{"inp"}, {"index"}, {"source"}};
  op.attrs = &attrs_type<AxisAttrs>();
  op.infer = infer_scatter_add;
  op.may_overwrite = {0};
  op.checks_values = true;
  table.add(std::move(op));
}

void define_scatter_add_grad(GradTable& grads) {
  grads.add("scatter_add", {[](GradContext& c) -> Vars {
                              Var source;
                              if (c.needs(2))
                                source = emit1(find_op("gather"), c.attrs, {c.grad(), c.input(1)});
                              return {c.grad(), {}, source};
                            },
                            {1}});
}

void define_scatter_add_samples(SampleTable& samples) {
  auto axis = [](int64_t a) { return AttrList{{"axis", a}}; };
  samples.of("scatter_add")
      .valid({f32({5}), i64({3}, -5, 5), f32({3})}, axis(0))
      .valid({f32({5}), i64({5}).of({4, 0, 0, 4, 1}), f32({5})}, axis(0))
      .valid({f32({3, 4}), i64({3, 2}, 0, 4), f32({3, 2})}, axis(1))
      .valid({f32({3, 4}), i64({5, 4}, 0, 3), f32({5, 4})}, axis(0))
      .valid({f32({3, 4, 2}), i64({3, 1, 2}, 0, 4), f32({3, 1, 2})}, axis(-2))
      .valid({f32({3, 4}), i64({3, 0}, 0, 4), f32({3, 0})}, axis(1))
      .valid({f32({0, 4}), i64({0, 2}, 0, 4), f32({0, 2})}, axis(1))
      .valid({f32({4, 6}).transposed(), i32({4, 3}, 0, 6).transposed(), f32({4, 3})}, axis(1))
      .valid({f32({4, 6}).sliced(), i32({4, 3}, 0, 6).sliced(), f32({4, 3}).sliced()}, axis(1))
      .valid({f64({5}), i64({3}, 0, 5), f64({3})}, axis(0))
      .valid({i32({5}), i32({3}, 0, 5), i32({3})}, axis(0))
      .invalid({f32({3, 4}), i64({1, 1}).of({-5}), f32({1, 1})}, axis(1), ErrorKind::kIndex,
               "scatter_add: argument 'index': expected indices in [-4, 4) of axis 1, got -5")
      .invalid({f32({5}), i64({3}, 0, 5), f32({2})}, axis(0), ErrorKind::kValue,
               "argument 'source': expected size 3")
      .invalid({f32({5}), i64({3}, 0, 5), f64({3})}, axis(0), ErrorKind::kType,
               "argument 'source': expected dtype")
      .invalid({f32({5}), f32({3}), f32({3})}, axis(0), ErrorKind::kType, "argument 'index'")
      .invalid({f32({3, 4}), i64({3}, 0, 3), f32({3})}, axis(1), ErrorKind::kValue,
               "argument 'index': expected rank 2");
}

}  // namespace miai::ops
