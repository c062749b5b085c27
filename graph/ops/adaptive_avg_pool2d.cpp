// adaptive_avg_pool2d and its gradient, which is linear: their gradients are each other.
#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "graph/ops/window.h"
#include "kernels/common/attrs/pool2d.h"

namespace miai::ops {
namespace {

void infer_pool(InferContext& context) {
  const auto& attrs = context.attrs<AdaptivePool2dAttrs>();
  check_at_least(context, "oshp", attrs.oshp, 1);
  context.check_rank(0, 4);
  context.check_float(0);
  check_not_empty(context, 0);
  const Dims& inp = context.input(0).shape;
  context.output_like(0, {inp[0], inp[1], attrs.oshp[0], attrs.oshp[1]});
}

void infer_backward(InferContext& context) {  // dy
  const auto& attrs = context.attrs<ImageSizeAttrs>();
  check_size_attr(context, attrs.size);
  context.check_rank(0, 4);
  context.check_float(0);
  check_not_empty(context, 0);
  const Dims& dy = context.input(0).shape;
  context.output_like(0, {dy[0], dy[1], attrs.size[0], attrs.size[1]});
}

Vars pool_grad(GradContext& context) {
  const Dims& inp = context.input_type(0).shape;
  return {emit1(find_op("adaptive_avg_pool2d_backward"), make_attrs(ImageSizeAttrs{{inp[2], inp[3]}}),
                {context.grad()})};
}
Vars backward_grad(GradContext& context) {
  const Dims& dy = context.input_type(0).shape;
  AdaptivePool2dAttrs attrs{{dy[2].value(), dy[3].value()}};
  return {emit1(find_op("adaptive_avg_pool2d"), make_attrs(attrs), {context.grad()})};
}

constexpr const char* kDoc = R"(Means of windows that cover an image evenly, as many as asked for.

Output row i takes the input rows from i * h // oh up to, not including, ceil((i + 1) * h / oh); columns alike.

Args:
    inp: shape (n, c, h, w), floating dtype, h and w at least 1.
    oshp: height and width of the output; one int is taken for both.

Returns:
    shape (n, c, oh, ow).

Raises:
    ValueError: wrong rank, an empty image, or an output of no size.

Example:
    >>> import miai as mi
    >>> import miai.functional as F
    >>> F.adaptive_avg_pool2d(mi.tensor([[[[1., 2.], [3., 4.]]]]), 1).numpy().tolist()
    [[[[2.5]]]]
)";

}  // namespace

void define_adaptive_avg_pool2d(OpTable& table) {
  OpDef op;
  op.name = "adaptive_avg_pool2d";
  op.doc = kDoc;
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<AdaptivePool2dAttrs>();
  op.infer = infer_pool;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "adaptive_avg_pool2d_backward";
  backward.doc = "The gradient of adaptive_avg_pool2d: each dy is spread over its window.";
  backward.inputs = {{"dy"}};
  backward.attrs = &attrs_type<ImageSizeAttrs>();
  backward.infer = infer_backward;
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_adaptive_avg_pool2d_grad(GradTable& grads) {
  grads.add("adaptive_avg_pool2d", {pool_grad, {}, {}});
  grads.add("adaptive_avg_pool2d_backward", {backward_grad, {}, {}});
}

void define_adaptive_avg_pool2d_samples(SampleTable& samples) {
  auto shape = [](Ints oshp) -> AttrList { return {{"oshp", oshp}}; };
  auto size = [](Ints size) -> AttrList { return {{"size", size}}; };
  samples.of("adaptive_avg_pool2d")
      .valid({f32({2, 3, 4, 6})}, {{"oshp", int64_t{1}}})
      .valid({f32({2, 3, 4, 6})}, shape({2, 3}))
      .valid({f32({2, 3, 5, 7})}, shape({2, 3}))
      .valid({f32({1, 2, 2, 3})}, shape({5, 4}))
      .valid({f32({2, 1, 7, 7})}, shape({7, 7}))
      .valid({f32({1, 1, 1, 1})}, shape({1, 1}))
      .valid({f32({0, 3, 4, 4})}, shape({2, 2}))
      .valid({f32({2, 3, 4, 6}).transposed()}, shape({1, 1}))
      .valid({f32({2, 3, 4, 6}).sliced()}, shape({3, 2}))
      .valid({f64({2, 3, 4, 6})}, shape({3, 2}))
      .valid({f16({1, 1, 4, 4})}, shape({1, 1}))
      .valid({bf16({1, 1, 4, 4})}, shape({1, 1}))
      .invalid({f32({3, 4, 6})}, shape({1, 1}), ErrorKind::kValue,
               "adaptive_avg_pool2d: argument 'inp': expected rank 4, got rank 3")
      .invalid({f32({2, 3, 4, 6})}, shape({0, 1}), ErrorKind::kValue,
               "adaptive_avg_pool2d: argument 'oshp': expected numbers from 1")
      .invalid({f32({2, 3, 0, 6})}, shape({1, 1}), ErrorKind::kValue,
               "adaptive_avg_pool2d: argument 'inp': expected a height and width of at least 1")
      .invalid({i64({2, 3, 4, 6})}, shape({1, 1}), ErrorKind::kType,
               "adaptive_avg_pool2d: argument 'inp': expected a floating dtype")
      .invalid({f32({2, 3, 4, 6})}, {{"output_size", int64_t{1}}}, ErrorKind::kType, "adaptive_avg_pool2d");
  samples.of("adaptive_avg_pool2d_backward")
      .valid({f32({2, 3, 1, 1})}, size({4, 6}))
      .valid({f32({2, 3, 2, 3})}, size({4, 6}))
      .valid({f32({2, 3, 2, 3})}, size({5, 7}))
      .valid({f32({1, 2, 5, 4})}, size({2, 3}))
      .valid({f32({0, 3, 2, 2})}, size({4, 4}))
      .valid({f32({1, 1, 1, 1})}, size({1, 1}))
      .valid({f32({2, 3, 2, 3}).transposed()}, size({4, 6}))
      .valid({f32({2, 3, 2, 3}).broadcast()}, size({4, 6}))
      .valid({f64({2, 3, 2, 3})}, size({5, 7}))
      .valid({bf16({1, 1, 2, 3})}, size({4, 6}))
      .invalid({f32({2, 3, 2})}, size({4, 6}), ErrorKind::kValue,
               "argument 'dy': expected rank 4, got rank 3")
      .invalid({f32({2, 3, 2, 3})}, {}, ErrorKind::kValue,
               "argument 'size': expected height and width, got []")
      .invalid({f32({2, 3, 2, 3})}, size({4, -6}), ErrorKind::kValue,
               "argument 'size': expected sizes of at least 0")
      .invalid({f32({2, 3, 0, 3})}, size({4, 6}), ErrorKind::kValue,
               "argument 'dy': expected a height and width")
      .invalid({i64({2, 3, 2, 3})}, size({4, 6}), ErrorKind::kType,
               "argument 'dy': expected a floating dtype");
}

}  // namespace miai::ops
