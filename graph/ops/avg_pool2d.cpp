// avg_pool2d and its gradient, which is linear: their gradients are each other.
#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "graph/ops/window.h"
#include "kernels/common/attrs/pool2d.h"

namespace miai::ops {
namespace {

void check_mode(const InferContext& context, const std::string& mode) {
  if (mode != kExcludePadding && mode != "average")
    context.fail(ErrorKind::kValue, "mode", "expected average_count_exclude_padding or average, got '", mode,
                 "'");
}

void infer_avg_pool2d(InferContext& context) {
  const auto& attrs = context.attrs<AvgPool2dAttrs>();
  check_mode(context, attrs.mode);
  context.check_rank(0, 4);
  context.check_float(0);
  const Dims& inp = context.input(0).shape;
  Dims size = pool_size(context, inp, attrs.kernel_size, attrs.step(), attrs.padding);
  context.output_like(0, {inp[0], inp[1], size[0], size[1]});
}

void infer_backward(InferContext& context) {  // dy
  const auto& attrs = context.attrs<AvgPool2dGradAttrs>();
  check_mode(context, attrs.mode);
  check_size_attr(context, attrs.size);
  context.check_rank(0, 4);
  context.check_float(0);
  const Dims& dy = context.input(0).shape;
  Dims image = {dy[0], dy[1], attrs.size[0], attrs.size[1]};
  Dims size = pool_size(context, image, attrs.kernel_size, attrs.stride, attrs.padding);
  check_image_size(context, 0, size, "windows of the image");
  context.output_like(0, image);
}

Vars avg_pool2d_grad(GradContext& context) {
  const auto& a = context.attrs_as<AvgPool2dAttrs>();
  const Dims& inp = context.input_type(0).shape;
  AvgPool2dGradAttrs grad{a.kernel_size, a.step(), a.padding, a.mode, {inp[2], inp[3]}};
  return {emit1(find_op("avg_pool2d_backward"), make_attrs(grad), {context.grad()})};
}
Vars backward_grad(GradContext& context) {
  const auto& a = context.attrs_as<AvgPool2dGradAttrs>();
  AvgPool2dAttrs pool{a.kernel_size, a.stride, a.padding, a.mode};
  return {emit1(find_op("avg_pool2d"), make_attrs(pool), {context.grad()})};
}

constexpr const char* kDoc = R"(The mean of each window of an image.

Args:
    inp: shape (n, c, h, w), floating dtype.
    kernel_size: height and width of the window; one int is taken for both.
    stride: step of the window; ``None`` is ``kernel_size``.
    padding: zeros added on each side. Less than ``kernel_size``.
    mode: ``"average_count_exclude_padding"`` divides by the elements of the image in the window, ``"average"`` by
        the size of the window (PyTorch's default).

Returns:
    shape (n, c, oh, ow) with oh = (h + 2 * padding - kernel_size) // stride + 1, and ow alike.

Raises:
    ValueError: wrong rank, unknown mode, or a window larger than the padded image.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.avg_pool2d(mi.tensor([[[[1., 2.], [3., 4.]]]]), 2).numpy().tolist()
    [[[[2.5]]]]
)";

}  // namespace

void define_avg_pool2d(OpTable& table) {
  OpDef op;
  op.name = "avg_pool2d";
  op.doc = kDoc;
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<AvgPool2dAttrs>();
  op.infer = infer_avg_pool2d;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "avg_pool2d_backward";
  backward.doc = "The gradient of avg_pool2d: each dy is spread over its window.";
  backward.inputs = {{"dy"}};
  backward.attrs = &attrs_type<AvgPool2dGradAttrs>();
  backward.infer = infer_backward;
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_avg_pool2d_grad(GradTable& grads) {
  grads.add("avg_pool2d", {avg_pool2d_grad, {}, {}});
  grads.add("avg_pool2d_backward", {backward_grad, {}, {}});
}

void define_avg_pool2d_samples(SampleTable& samples) {
  auto window = [](Ints kernel_size, int64_t stride, int64_t padding, AttrList more = {}) {
    more.insert(more.end(), {{"kernel_size", kernel_size}, {"stride", stride}, {"padding", padding}});
    return more;
  };
  AttrList two = {{"kernel_size", int64_t{2}}}, count_all = {{"mode", std::string("average")}};
  samples.of("avg_pool2d")
      .valid({f32({2, 3, 4, 6})}, two)
      .valid({f32({2, 3, 5, 7})}, two)
      .valid({f32({1, 2, 5, 7})}, window({3, 3}, 2, 1))
      .valid({f32({1, 2, 5, 7})}, window({3, 3}, 2, 1, count_all))
      .valid({f32({1, 2, 5, 7})}, window({3, 2}, 1, 0))
      .valid({f32({2, 1, 3, 3})}, window({3, 3}, 1, 2))
      .valid({f32({0, 3, 4, 4})}, two)
      .valid({f32({2, 3, 4, 6}).transposed()}, two)
      .valid({f32({2, 3, 4, 6}).sliced()}, two)
      .valid({f64({2, 3, 4, 6})}, two)
      .valid({f16({1, 1, 4, 4})}, two)
      .valid({bf16({1, 1, 4, 4})}, two)
      .invalid({f32({3, 4, 6})}, two, ErrorKind::kValue,
               "avg_pool2d: argument 'inp': expected rank 4, got rank 3")
      .invalid({f32({2, 3, 4, 6})}, {{"kernel_size", int64_t{5}}}, ErrorKind::kValue,
               "avg_pool2d: argument 'kernel_size': expected a window of at most 4")
      .invalid({f32({2, 3, 4, 6})}, {{"mode", std::string("mean")}}, ErrorKind::kValue,
               "avg_pool2d: argument 'mode': expected average_count_exclude_padding or average, got 'mean'")
      .invalid({f32({2, 3, 4, 6})}, window({2, 2}, 1, 2), ErrorKind::kValue,
               "avg_pool2d: argument 'padding': expected less than the kernel_size")
      .invalid({i64({2, 3, 4, 6})}, two, ErrorKind::kType,
               "avg_pool2d: argument 'inp': expected a floating dtype");

  auto sized = [&](Ints kernel_size, int64_t stride, int64_t padding, Ints size, AttrList more = {}) {
    AttrList list = window(kernel_size, stride, padding, more);
    list.emplace_back("size", size);
    return list;
  };
  samples.of("avg_pool2d_backward")
      .valid({f32({2, 3, 2, 3})}, sized({2, 2}, 2, 0, {4, 6}))
      .valid({f32({2, 3, 2, 3})}, sized({2, 2}, 2, 0, {5, 7}))
      .valid({f32({1, 2, 3, 4})}, sized({3, 3}, 2, 1, {5, 7}))
      .valid({f32({1, 2, 3, 4})}, sized({3, 3}, 2, 1, {5, 7}, count_all))
      .valid({f32({1, 2, 3, 6})}, sized({3, 2}, 1, 0, {5, 7}))
      .valid({f32({0, 2, 2, 2})}, sized({2, 2}, 2, 0, {4, 4}))
      .valid({f32({2, 3, 2, 3}).transposed()}, sized({2, 2}, 2, 0, {4, 6}))
      .valid({f32({2, 3, 2, 3}).broadcast()}, sized({2, 2}, 2, 0, {4, 6}))
      .valid({f64({2, 3, 2, 3})}, sized({2, 2}, 2, 0, {4, 6}))
      .valid({bf16({1, 1, 2, 3})}, sized({2, 2}, 2, 0, {4, 6}))
      .invalid({f32({2, 3, 2, 2})}, sized({2, 2}, 2, 0, {4, 6}), ErrorKind::kValue,
               "avg_pool2d_backward: argument 'dy': expected size 3")
      .invalid({f32({2, 3, 2})}, sized({2, 2}, 2, 0, {4, 6}), ErrorKind::kValue,
               "avg_pool2d_backward: argument 'dy': expected rank 4")
      .invalid({f32({2, 3, 2, 3})}, two, ErrorKind::kValue, "avg_pool2d_backward: argument 'size'")
      .invalid({f32({2, 3, 2, 3})}, sized({2, 2}, 0, 0, {4, 6}), ErrorKind::kValue, "argument 'stride'")
      .invalid({i64({2, 3, 2, 3})}, sized({2, 2}, 2, 0, {4, 6}), ErrorKind::kType,
               "avg_pool2d_backward: argument 'dy': expected a floating dtype");
}

}  // namespace miai::ops
