#include "graph/ops/builders.h"
#include "graph/ops/slice_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/shape.h"
#include "kernels/common/views.h"

namespace miai {
namespace {

void check_axis(const InferContext& c, const SliceAttrs& a, int i, Dim length) {
  if (a.stride[i] == 0)
    c.fail(ErrorKind::kValue, "stride", "expected strides other than 0, got 0 in axis ", i);
  if (!a.size[i].is_static() || !a.start[i].is_static() || !length.is_static()) return;
  int64_t start = a.start[i].value(), size = a.size[i].value(), n = length.value();
  if (size < 0) c.fail(ErrorKind::kValue, "size", "expected sizes of at least 0, got ", size, " in axis ", i);
  if (size == 0) return;
  if (start < 0 || start >= n)
    c.fail(ErrorKind::kIndex, "start", "expected an index in [0, ", n, ") of axis ", i, ", got ", start);
  // Divided rather than multiplied, so that huge numbers do not overflow.
  int64_t room = a.stride[i] > 0 ? n - 1 - start : start;
  if (size > 1 && (a.stride[i] == INT64_MIN || size - 1 > room / std::abs(a.stride[i])))
    c.fail(ErrorKind::kIndex, "size", "expected elements within axis ", i, " of size ", n, ", got ", size,
           " elements from ", start, " with stride ", a.stride[i]);
}

}  // namespace

Dims check_slice(const InferContext& c, const Dims& shape) {
  const SliceAttrs& a = c.attrs<SliceAttrs>();
  auto check_count = [&](std::string_view name, int count) {
    if (count != shape.size())
      c.fail(ErrorKind::kValue, name, "expected one entry for each of the ", shape.size(), " axes, got ",
             count);
  };
  check_count("start", a.start.size());
  check_count("size", a.size.size());
  check_count("stride", static_cast<int>(a.stride.size()));
  for (int i = 0; i < shape.size(); ++i) check_axis(c, a, i, shape[i]);
  return a.size;
}

namespace ops {

void define_slice(OpTable& table) {
  OpDef op;
  op.name = "slice";
  op.doc = R"(Some elements of each axis of `inp`; a view. This is what `x[1:3, ::2]` calls.

`start`, `size`, `stride`: first index, number of elements and step of every axis; steps may be negative.
Any dtype. Raises IndexError where elements lie outside the axis.

>>> import miai.functional as F, miai as mi
>>> F.slice(mi.tensor([0, 1, 2, 3, 4]), start=(3,), size=(2,), stride=(-2,)).tolist()
[3, 1]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<SliceAttrs>();
  op.infer = [](InferContext& c) { c.output_like(0, check_slice(c, c.input(0).shape)); };
  op.view = slice_view;
  table.add(std::move(op));
}

void define_slice_grad(GradTable& grads) {
  grads.add("slice", {[](GradContext& c) -> Vars {
              const SliceAttrs& a = c.attrs_as<SliceAttrs>();
              const TensorType& in = c.input_type(0);
              Var zeros = full(in.shape, 0, in.dtype, in.device);
              return {set_slice(zeros, c.grad(), a.start, a.size, a.stride)};
            }});
}

void define_slice_samples(SampleTable& samples) {
  auto attrs = [](Ints start, Ints size, Ints stride) {
    return AttrList{{"start", start}, {"size", size}, {"stride", stride}};
  };
  samples.of("slice")
      .valid({f32({5})}, attrs({1}, {3}, {1}))
      .valid({f32({5})}, attrs({4}, {5}, {-1}))
      .valid({f32({5})}, attrs({4}, {3}, {-2}))
      .valid({f32({5})}, attrs({0}, {0}, {1}))
      .valid({f32({0})}, attrs({0}, {0}, {1}))
      .valid({f32({})}, attrs({}, {}, {}))
      .valid({f32({4, 6})}, attrs({1, 5}, {2, 3}, {2, -2}))
      .valid({f32({4, 6, 3})}, attrs({0, 1, 2}, {4, 1, 1}, {1, 3, 1}))
      .valid({f32({4, 6}).transposed()}, attrs({0, 2}, {3, 3}, {1, 1}))
      .valid({f32({4, 6}).sliced()}, attrs({3, 0}, {4, 3}, {-1, 2}))
      .valid({f32({4, 6}).broadcast()}, attrs({1, 1}, {2, 4}, {1, 1}))
      .valid({f64({5})}, attrs({1}, {3}, {1}))
      .valid({f16({5})}, attrs({1}, {2}, {2}))
      .valid({bf16({5})}, attrs({1}, {2}, {2}))
      .valid({i64({5})}, attrs({1}, {2}, {2}))
      .valid({b8({5})}, attrs({1}, {2}, {2}))
      .invalid({f32({5})}, attrs({5}, {1}, {1}), ErrorKind::kIndex,
               "expected an index in [0, 5) of axis 0, got 5")
      .invalid({f32({5})}, attrs({-1}, {1}, {1}), ErrorKind::kIndex, "argument 'start'")
      .invalid({f32({5})}, attrs({2}, {4}, {1}), ErrorKind::kIndex,
               "expected elements within axis 0 of size 5")
      .invalid({f32({5})}, attrs({1}, {3}, {-1}), ErrorKind::kIndex, "argument 'size'")
      .invalid({f32({5})}, attrs({1}, {2}, {0}), ErrorKind::kValue, "expected strides other than 0")
      .invalid({f32({5})}, attrs({1}, {-2}, {1}), ErrorKind::kValue, "expected sizes of at least 0")
      .invalid({f32({5, 5})}, attrs({1}, {2}, {1}), ErrorKind::kValue,
               "one entry for each of the 2 axes, got 1")
      .invalid({f32({5})}, attrs({0}, {2}, {4611686018427387903}), ErrorKind::kIndex, "argument 'size'");
}

}  // namespace ops
}  // namespace miai
