// max_pool2d; its gradient scatters by the indices of the maxima, and the gradient of that gathers by them.
#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "graph/ops/window.h"
#include "kernels/common/attrs/pool2d.h"

namespace miai::ops {
namespace {

void infer_max_pool2d(InferContext& context) {
  const auto& attrs = context.attrs<MaxPool2dAttrs>();
  context.check_rank(0, 4);
  context.check_float(0);
  const Dims& inp = context.input(0).shape;
  Dims size = pool_size(context, inp, attrs.kernel_size, attrs.step(), attrs.padding);
  Dims out = {inp[0], inp[1], size[0], size[1]};
  context.output_like(0, out);
  context.output(DType::kInt32, out, context.input(0).device);
}

void check_indices(const InferContext& context) {
  context.check_rank(0, 4);
  context.check_float(0);
  context.check_rank(1, 4);
  if (context.input(1).dtype != DType::kInt32)
    context.fail(ErrorKind::kType, "indices", "expected dtype int32, got ", context.input(1).dtype);
  for (int axis : {0, 1})
    context.check_dim(1, axis, context.input(0).shape[axis], "that of the first argument");
}

void infer_backward(InferContext& context) {  // dy, indices
  const auto& attrs = context.attrs<ImageSizeAttrs>();
  check_size_attr(context, attrs.size);
  check_indices(context);
  const Dims& dy = context.input(0).shape;
  check_image_size(context, 1, {dy[2], dy[3]}, "that of 'dy'");
  context.output_like(0, {dy[0], dy[1], attrs.size[0], attrs.size[1]});
}

void infer_gather(InferContext& context) {  // inp, indices
  check_indices(context);
  context.output_like(0, context.input(1).shape);
}

Attrs size_of(const TensorType& image) {
  return make_attrs(ImageSizeAttrs{{image.shape[2], image.shape[3]}});
}

Vars max_pool2d_grad(GradContext& context) {
  if (!context.grad()) return {Var()};
  return {emit1(find_op("max_pool2d_backward"), size_of(context.input_type(0)),
                {context.grad(), context.output(1)})};
}
Vars backward_grad(GradContext& context) {
  return {emit1(find_op("max_pool2d_gather"), {}, {context.grad(), context.input(1)}), Var()};
}
Vars gather_grad(GradContext& context) {
  return {emit1(find_op("max_pool2d_backward"), size_of(context.input_type(0)),
                {context.grad(), context.input(1)}),
          Var()};
}

/// The indices as offsets in the window, a byte each.
std::optional<CompactForm> compact_indices(size_t output, const Attrs& attrs,
                                           std::span<const TensorMeta> inputs) {
  const auto& a = attrs.as<MaxPool2dAttrs>();
  int64_t width = inputs[0].shape[3];
  if (output != 1 || a.kernel_size[0] * a.kernel_size[1] > 256 || width < a.kernel_size[1])
    return std::nullopt;
  Attrs windows = make_attrs(PoolOffsetAttrs{a.kernel_size, a.step(), a.padding, width});
  return CompactForm{"max_pool2d_offsets", "max_pool2d_indices", windows, DType::kUInt8};
}

constexpr const char* kDoc = R"(The largest element of each window of an image.

Args:
    inp: shape (n, c, h, w), floating dtype.
    kernel_size: height and width of the window; one int is taken for both.
    stride: step of the window; ``None`` is ``kernel_size``.
    padding: elements added on each side; they never are the largest. Less than ``kernel_size``.

Returns:
    shape (n, c, oh, ow) with oh = (h + 2 * padding - kernel_size) // stride + 1, and ow alike. NaN where the window
    holds one.

Raises:
    ValueError: wrong rank, or a window larger than the padded image.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.max_pool2d(mi.tensor([[[[1., 2.], [3., 4.]]]]), 2).numpy().tolist()
    [[[[4.0]]]]
)";

}  // namespace

void define_max_pool2d(OpTable& table) {
  OpDef op;
  op.name = "max_pool2d";
  op.doc = kDoc;
  op.inputs = {{"inp"}};
  op.outputs = {{"out"}, {"indices", true}};
  op.attrs = &attrs_type<MaxPool2dAttrs>();
  op.infer = infer_max_pool2d;
  op.compact = compact_indices;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "max_pool2d_backward";
  backward.doc =
      "The gradient of max_pool2d and adaptive_max_pool2d: each dy is added where the maximum was.";
  backward.inputs = {{"dy"}, {"indices"}};
  backward.attrs = &attrs_type<ImageSizeAttrs>();
  backward.infer = infer_backward;
  backward.is_public = false;
  backward.checks_values = true;
  table.add(std::move(backward));

  OpDef gather;
  gather.name = "max_pool2d_gather";
  gather.doc = "The elements of each image at indices into its height * width elements.";
  gather.inputs = {{"inp"}, {"indices"}};
  gather.infer = infer_gather;
  gather.is_public = false;
  gather.checks_values = true;
  table.add(std::move(gather));
}

void define_max_pool2d_grad(GradTable& grads) {
  grads.add("max_pool2d", {max_pool2d_grad, {}, {1}});
  grads.add("max_pool2d_backward", {backward_grad, {1}, {}});
  grads.add("max_pool2d_gather", {gather_grad, {1}, {}});
}

void define_max_pool2d_samples(SampleTable& samples) {
  auto window = [](Ints kernel_size, int64_t stride, int64_t padding) -> AttrList {
    return {{"kernel_size", kernel_size}, {"stride", stride}, {"padding", padding}};
  };
  AttrList two = {{"kernel_size", int64_t{2}}};
  samples.of("max_pool2d")
      .valid({f32({2, 3, 4, 6}).all_distinct()}, two)
      .valid({f32({2, 3, 5, 7}).all_distinct()}, two)
      .valid({f32({1, 2, 5, 7}).all_distinct()}, window({3, 3}, 2, 1))
      .valid({f32({1, 2, 5, 7}).all_distinct()}, window({3, 3}, 1, 1))
      .valid({f32({1, 2, 5, 7}).all_distinct()}, window({3, 2}, 2, 0))
      .valid({f32({2, 1, 3, 3}).all_distinct()}, window({3, 3}, 1, 2))
      .valid({f32({1, 1, 1, 1}).all_distinct()}, {{"kernel_size", int64_t{1}}})
      .valid({f32({0, 3, 4, 4})}, two)
      .valid({f32({2, 3, 4, 6}).all_distinct().transposed()}, two)
      .valid({f32({2, 3, 4, 6}).all_distinct().sliced()}, two)
      .valid({f32({1, 2, 6, 36}).all_distinct()}, two)
      .valid({f64({2, 3, 4, 6}).all_distinct()}, two)
      .valid({f16({1, 1, 4, 4}).all_distinct()}, two)
      .valid({bf16({1, 1, 4, 4}).all_distinct()}, two)
      .invalid({f32({3, 4, 6})}, two, ErrorKind::kValue,
               "max_pool2d: argument 'inp': expected rank 4, got rank 3")
      .invalid({f32({2, 3, 4, 6})}, {{"kernel_size", int64_t{5}}}, ErrorKind::kValue,
               "max_pool2d: argument 'kernel_size': expected a window of at most 4")
      .invalid({f32({2, 3, 4, 6})}, {{"kernel_size", int64_t{0}}}, ErrorKind::kValue,
               "max_pool2d: argument 'kernel_size': expected numbers from 1")
      .invalid({f32({2, 3, 4, 6})}, window({2, 2}, 0, 0), ErrorKind::kValue, "max_pool2d: argument 'stride'")
      .invalid({f32({2, 3, 4, 6})}, window({2, 2}, 1, 2), ErrorKind::kValue,
               "max_pool2d: argument 'padding': expected less than the kernel_size")
      .invalid({f32({2, 3, 4, 6})}, window({2, 2}, 1, -1), ErrorKind::kValue,
               "max_pool2d: argument 'padding'")
      .invalid({i64({2, 3, 4, 6})}, two, ErrorKind::kType,
               "max_pool2d: argument 'inp': expected a floating dtype")
      .invalid({f32({2, 3, 4, 6})}, {{"kernel", int64_t{2}}}, ErrorKind::kType, "max_pool2d");

  AttrList size = {{"size", Ints{4, 6}}};
  SampleTensor dy = f32({2, 3, 2, 3}), indices = i32({2, 3, 2, 3}, 0, 24);
  samples.of("max_pool2d_backward")
      .valid({dy, indices}, size)
      .valid({f64({2, 3, 2, 3}), indices}, size)
      .valid({bf16({1, 1, 2, 3}), i32({1, 1, 2, 3}).of({0, 5, 7, 7, 20, 23})}, size)
      .valid({f32({0, 3, 2, 3}), i32({0, 3, 2, 3})}, size)
      .valid({dy.transposed(), indices.sliced()}, size)
      .valid({f32({2, 1, 1, 1}), i32({2, 1, 1, 1}, 0, 1)}, {{"size", Ints{1, 1}}})
      .valid({f32({2, 1, 5, 4}), i32({2, 1, 5, 4}, 0, 9)}, {{"size", Ints{3, 3}}})
      .valid({f32({1, 2, 3, 3}), i32({1, 2, 3, 3}, 0, 49)}, {{"size", Ints{7, 7}}})
      .valid({f32({1, 2, 3, 3}).sliced(), i32({1, 2, 3, 3}, 0, 49)}, {{"size", Ints{7, 7}}})
      .valid({f32({3, 1, 2, 2}).broadcast(), i32({3, 1, 2, 2}, 0, 4)}, {{"size", Ints{2, 2}}})
      .invalid({dy, indices}, {}, ErrorKind::kValue,
               "max_pool2d_backward: argument 'size': expected height and width")
      .invalid({dy, i64({2, 3, 2, 3}, 0, 24)}, size, ErrorKind::kType,
               "max_pool2d_backward: argument 'indices': expected dtype int32, got int64")
      .invalid({dy, i32({2, 3, 2, 2}, 0, 24)}, size, ErrorKind::kValue,
               "max_pool2d_backward: argument 'indices'")
      .invalid({dy, i32({2, 3, 2}, 0, 24)}, size, ErrorKind::kValue,
               "max_pool2d_backward: argument 'indices': expected rank 4")
      .invalid({i64({2, 3, 2, 3}), indices}, size, ErrorKind::kType, "max_pool2d_backward: argument 'dy'");
  SampleTensor inp = f32({2, 3, 4, 6});
  samples.of("max_pool2d_gather")
      .valid({inp, indices})
      .valid({f64({2, 3, 4, 6}), indices})
      .valid({bf16({2, 3, 4, 6}), indices})
      .valid({f16({2, 3, 4, 6}), indices})
      .valid({inp.transposed(), indices})
      .valid({inp.sliced(), indices.transposed()})
      .valid({inp.broadcast(), indices})
      .valid({f32({0, 3, 4, 6}), i32({0, 3, 2, 3})})
      .valid({f32({1, 1, 1, 1}), i32({1, 1, 3, 1}, 0, 1)})
      .valid({f32({1, 2, 7, 7}), i32({1, 2, 3, 3}, 0, 49)})
      .invalid({inp, i32({2, 2, 2, 3}, 0, 24)}, {}, ErrorKind::kValue,
               "max_pool2d_gather: argument 'indices': expected size 3")
      .invalid({inp, i64({2, 3, 2, 3}, 0, 24)}, {}, ErrorKind::kType, "max_pool2d_gather: argument 'indices'")
      .invalid({f32({3, 4, 6}), indices}, {}, ErrorKind::kValue,
               "max_pool2d_gather: argument 'inp': expected rank 4")
      .invalid({inp, i32({2, 3, 6}, 0, 24)}, {}, ErrorKind::kValue, "max_pool2d_gather: argument 'indices'")
      .invalid({i64({2, 3, 4, 6}), indices}, {}, ErrorKind::kType, "max_pool2d_gather: argument 'inp'");
}

}  // namespace miai::ops
