#include "graph/ops/index_checks.h"

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/index.h"
#include "kernels/common/index_plan.h"

namespace miai {
namespace {

void check_axes(const InferContext& c, int first) {
  const Ints& axes = c.attrs<IndexAttrs>().axes;
  int count = c.input_count() - first, rank = c.input(0).rank();
  if (count == 0) c.fail(ErrorKind::kValue, "indices", "expected at least one tensor, got none");
  if (static_cast<int>(axes.size()) != count)
    c.fail(ErrorKind::kValue, "axes", "expected one axis for each of the ", count, " index tensors, got ",
           AttrValue(axes));
  int64_t previous = -1;
  for (int64_t axis : axes) {
    if (axis <= previous || axis >= rank)
      c.fail(ErrorKind::kValue, "axes", "expected rising axes in [0, ", rank, "), got ", AttrValue(axes));
    previous = axis;
  }
}

/// What the shapes of the index tensors broadcast to.
Dims broadcast_indices(const InferContext& c, int first) {
  Dims where;
  for (int i = first; i < c.input_count(); ++i) {
    const Dims& shape = c.input(i).shape;
    while (where.size() < shape.size()) where.insert(0, 1);
    for (int d = 0; d < shape.size(); ++d) {
      Dim& size = where[where.size() - shape.size() + d];
      if (dims_equal(size, 1)) {
        size = shape[d];
      } else if (!dims_equal(shape[d], 1) && !dims_equal(shape[d], size)) {
        c.fail(ErrorKind::kIndex, c.input_name(i), "expected a shape that broadcasts with ", where, ", got ",
               shape);
      }
    }
  }
  return where;
}

}  // namespace

Dims check_indices(InferContext& c, int first) {
  check_axes(c, first);
  for (int i = first; i < c.input_count(); ++i) c.check_int(i);
  const Ints& axes = c.attrs<IndexAttrs>().axes;
  Dims where = broadcast_indices(c, first), shape;
  for (int i = 0; i < c.input(0).rank(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) shape.push_back(c.input(0).shape[i]);
  for (int i = 0; i < where.size(); ++i) shape.insert(first_index_axis(axes) + i, where[i]);
  return shape;
}

namespace ops {

void define_index(OpTable& table) {
  OpDef op;
  op.name = "index";
  op.doc = R"(Elements of `inp` at integer positions; what `x[a, :, b]` calls once slices are split off.

`indices`: integer tensors that broadcast together; negative values count from the end. `axes`: the rising
axes that they apply to. The axes of the result that come from the indices stand where `axes` stand if those
are adjacent, else first. Raises IndexError for a value out of bounds.

>>> import miai.functional as F, miai as mi
>>> F.index(mi.tensor([10, 20, 30]), [mi.tensor([2, 0, -1])], axes=(0,)).tolist()
[30, 10, 30]
)";
  op.inputs = {{"inp"}, {"indices", Presence::kVariadic}};
  op.attrs = &attrs_type<IndexAttrs>();
  op.infer = [](InferContext& c) { c.output_like(0, check_indices(c, 1)); };
  op.checks_values = true;
  table.add(std::move(op));
}

void define_index_grad(GradTable& grads) {
  grads.add("index", {[](GradContext& c) -> Vars {
                        const TensorType& in = c.input_type(0);
                        Vars inputs{full(in.shape, 0, in.dtype, in.device), c.grad()};
                        for (int i = 1; i < c.input_count(); ++i) inputs.push_back(c.input(i));
                        Vars grad = emit(find_op("index_add"), c.attrs, inputs);
                        grad.resize(c.input_count());
                        return grad;
                      },
                      {GradDef::kAll}});
}

void define_index_samples(SampleTable& samples) {
  auto axes = [](Ints a) { return AttrList{{"axes", a}}; };
  samples.of("index")
      .valid({f32({5}), i64({3}, -5, 5)}, axes({0}))
      .valid({f32({5, 3}), i64({4}, 0, 5)}, axes({0}))
      .valid({f32({5, 3}), i64({2, 2}, 0, 3)}, axes({1}))
      .valid({f32({4, 5, 3}), i64({2, 1}, 0, 4), i64({3}, 0, 5)}, axes({0, 1}))
      .valid({f32({4, 5, 3}), i64({2}, 0, 4), i64({2}, 0, 3)}, axes({0, 2}))
      .valid({f32({4, 5}), i64({6}, 0, 4), i64({6}, -5, 0)}, axes({0, 1}))
      .valid({f32({4, 5}), i64({}, 0, 4)}, axes({0}))
      .valid({f32({4, 5}), i64({0}, 0, 4)}, axes({0}))
      .valid({f32({0, 5}), i64({0}, 0, 1)}, axes({0}))
      .valid({f32({4, 0}), i64({2}, 0, 4)}, axes({0}))
      .valid({f32({4, 6}).transposed(), i32({3}, 0, 4)}, axes({0}))
      .valid({f32({4, 6}).sliced(), i32({3, 2}, 0, 6).transposed()}, axes({1}))
      .valid({f32({4, 6}).broadcast(), i64({3}, 0, 4)}, axes({0}))
      .valid({f64({5}), i64({3}, 0, 5)}, axes({0}))
      .valid({f16({5}), typed(DType::kUInt8, {3}).range(0, 5)}, axes({0}))
      .valid({i64({5}), i64({3}, 0, 5)}, axes({0}))
      .valid({b8({5}), i64({3}, 0, 5)}, axes({0}))
      .invalid({f32({5}), i64({1}).of({5})}, axes({0}), ErrorKind::kIndex,
               "index: argument 'indices[0]': expected indices in [-5, 5) of axis 0, got 5")
      .invalid({f32({5}), i64({1}).of({-6})}, axes({0}), ErrorKind::kIndex, "got -6")
      .invalid({f32({5}), f32({2})}, axes({0}), ErrorKind::kType,
               "argument 'indices[0]': expected an integer dtype")
      .invalid({f32({5, 5}), i64({2}, 0, 5), i64({3}, 0, 5)}, axes({0, 1}), ErrorKind::kIndex,
               "argument 'indices[1]': expected a shape that broadcasts with [2], got [3]")
      .invalid({f32({5}), i64({2}, 0, 5)}, axes({1}), ErrorKind::kValue, "expected rising axes in [0, 1)")
      .invalid({f32({5}), i64({2}, 0, 5)}, axes({0, 1}), ErrorKind::kValue,
               "expected one axis for each of the 1")
      .invalid({f32({5})}, axes({}), ErrorKind::kValue, "argument 'indices': expected at least one tensor");
}

}  // namespace ops
}  // namespace miai
