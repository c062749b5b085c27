#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct SplitAttrs {
  Ints sections;
  int64_t axis = 0;
  static auto fields() {
    return std::tuple{field("sections", &SplitAttrs::sections, "size of each part along the axis"),
                      field("axis", &SplitAttrs::axis, "the axis; negative ones count from the end")};
  }
};

void infer_split(InferContext& c) {
  const SplitAttrs& a = c.attrs<SplitAttrs>();
  const TensorType& in = c.input(0);
  c.check_min_rank(0, 1);
  int axis = c.axis(a.axis, in.rank());
  if (a.sections.empty()) c.fail(ErrorKind::kValue, "sections", "expected at least one size, got none");
  Dim total = 0;
  for (int64_t size : a.sections) {
    if (size < 0) c.fail(ErrorKind::kValue, "sections", "expected sizes of at least 0, got ", size);
    total = total + Dim(size);
  }
  if (!dims_equal(total, in.shape[axis]))
    c.fail(ErrorKind::kValue, "sections", "expected sizes that add up to ", in.shape[axis], " (dimension ",
           axis, " of shape ", in.shape, "), got ", AttrValue(a.sections));
  for (int64_t size : a.sections) {
    Dims shape = in.shape;
    shape[axis] = size;
    c.output_like(0, shape);
  }
}

int axis_of(const SplitAttrs& a, int rank) { return static_cast<int>(a.axis < 0 ? a.axis + rank : a.axis); }

Vars lower_split(std::span<const Var> inputs, const Attrs& attrs) {
  const SplitAttrs& a = attrs.as<SplitAttrs>();
  int axis = axis_of(a, inputs[0].type().rank());
  Vars parts;
  int64_t begin = 0;
  for (int64_t size : a.sections) {
    parts.push_back(narrow(inputs[0], axis, begin, size));
    begin += size;
  }
  return parts;
}

Vars split_grad(GradContext& c) {
  const SplitAttrs& a = c.attrs_as<SplitAttrs>();
  const TensorType& in = c.input_type(0);
  int axis = axis_of(a, in.rank());
  Vars parts;
  for (size_t i = 0; i < a.sections.size(); ++i) {
    Var grad = c.grad(static_cast<int>(i));
    if (!grad) {
      Dims shape = in.shape;
      shape[axis] = a.sections[i];
      grad = full(shape, 0, in.dtype, in.device);
    }
    parts.push_back(grad);
  }
  return {concat(parts, axis)};
}

}  // namespace

void define_split(OpTable& table) {
  OpDef op;
  op.name = "split";
  op.doc = R"(`inp` cut into parts along an axis; each part is a view.

`sections`: the size of each part; they add up to the size of the axis. Any dtype. Raises ValueError if they
do not.

>>> import miai.functional as F, miai as mi
>>> [part.tolist() for part in mi._core.op("split")(mi.tensor([1, 2, 3]), sections=(1, 2))]
[[1], [2, 3]]
)";
  op.inputs = {{"inp"}};
  op.outputs = {{"out", false, true}};
  op.attrs = &attrs_type<SplitAttrs>();
  op.infer = infer_split;
  op.lower = lower_split;
  table.add(std::move(op));
}

void define_split_grad(GradTable& grads) { grads.add("split", {split_grad}); }

void define_split_samples(SampleTable& samples) {
  auto attrs = [](Ints sections, int64_t axis) { return AttrList{{"sections", sections}, {"axis", axis}}; };
  samples.of("split")
      .valid({f32({5})}, attrs({2, 3}, 0))
      .valid({f32({5})}, attrs({5}, 0))
      .valid({f32({2, 6})}, attrs({1, 2, 3}, 1))
      .valid({f32({2, 6})}, attrs({3, 3}, -1))
      .valid({f32({3})}, attrs({0, 3, 0}, 0))
      .valid({f32({0, 2})}, attrs({1, 1}, 1))
      .valid({f32({12, 2})}, attrs({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}, 0))
      .valid({f32({4, 6}).transposed()}, attrs({1, 3}, 0))
      .valid({f32({4, 6}).sliced()}, attrs({2, 4}, 1))
      .valid({f32({4, 6}).broadcast()}, attrs({2, 4}, 1))
      .valid({f64({4})}, attrs({2, 2}, 0))
      .valid({f16({4})}, attrs({2, 2}, 0))
      .valid({i32({4})}, attrs({2, 2}, 0))
      .valid({b8({4})}, attrs({2, 2}, 0))
      .invalid({f32({5})}, attrs({2, 2}, 0), ErrorKind::kValue, "expected sizes that add up to 5")
      .invalid({f32({5})}, attrs({6, -1}, 0), ErrorKind::kValue, "expected sizes of at least 0, got -1")
      .invalid({f32({5})}, attrs({}, 0), ErrorKind::kValue, "argument 'sections': expected at least one size")
      .invalid({f32({5})}, attrs({5}, 1), ErrorKind::kValue, "argument 'axis': expected an axis in [-1, 1)")
      .invalid({f32({})}, attrs({1}, 0), ErrorKind::kValue, "argument 'inp': expected rank at least 1");
}

}  // namespace miai::ops
