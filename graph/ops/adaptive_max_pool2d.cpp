// adaptive_max_pool2d; its gradient is that of max_pool2d, by the indices of the maxima.
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
  Dims out = {inp[0], inp[1], attrs.oshp[0], attrs.oshp[1]};
  context.output_like(0, out);
  context.output(DType::kInt32, out, context.input(0).device);
}

Vars pool_grad(GradContext& context) {
  if (!context.grad()) return {Var()};
  const Dims& inp = context.input_type(0).shape;
  return {emit1(find_op("max_pool2d_backward"), make_attrs(ImageSizeAttrs{{inp[2], inp[3]}}),
                {context.grad(), context.output(1)})};
}

constexpr const char* kDoc = R"(Largest elements of windows that cover an image evenly, as many as asked for.

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
    >>> F.adaptive_max_pool2d(mi.tensor([[[[1., 2.], [3., 4.]]]]), 1).numpy().tolist()
    [[[[4.0]]]]
)";

}  // namespace

void define_adaptive_max_pool2d(OpTable& table) {
  OpDef op;
  op.name = "adaptive_max_pool2d";
  op.doc = kDoc;
  op.inputs = {{"inp"}};
  op.outputs = {{"out"}, {"indices", true}};
  op.attrs = &attrs_type<AdaptivePool2dAttrs>();
  op.infer = infer_pool;
  table.add(std::move(op));
}

void define_adaptive_max_pool2d_grad(GradTable& grads) {
  grads.add("adaptive_max_pool2d", {pool_grad, {}, {1}});
}

void define_adaptive_max_pool2d_samples(SampleTable& samples) {
  auto shape = [](Ints oshp) -> AttrList { return {{"oshp", oshp}}; };
  samples.of("adaptive_max_pool2d")
      .valid({f32({2, 3, 4, 6}).all_distinct()}, {{"oshp", int64_t{1}}})
      .valid({f32({2, 3, 4, 6}).all_distinct()}, shape({2, 3}))
      .valid({f32({2, 3, 5, 7}).all_distinct()}, shape({2, 3}))
      .valid({f32({1, 2, 2, 3}).all_distinct()}, shape({5, 4}))
      .valid({f32({1, 1, 1, 1}).all_distinct()}, shape({1, 1}))
      .valid({f32({0, 3, 4, 4})}, shape({2, 2}))
      .valid({f32({2, 3, 4, 6}).all_distinct().transposed()}, shape({1, 1}))
      .valid({f32({2, 3, 4, 6}).all_distinct().sliced()}, shape({3, 2}))
      .valid({f64({2, 3, 4, 6}).all_distinct()}, shape({3, 2}))
      .valid({f16({1, 1, 4, 4}).all_distinct()}, shape({1, 1}))
      .valid({bf16({1, 1, 4, 4}).all_distinct()}, shape({1, 1}))
      .invalid({f32({3, 4, 6})}, shape({1, 1}), ErrorKind::kValue,
               "adaptive_max_pool2d: argument 'inp': expected rank 4, got rank 3")
      .invalid({f32({2, 3, 4, 6})}, shape({0, 1}), ErrorKind::kValue,
               "adaptive_max_pool2d: argument 'oshp': expected numbers from 1")
      .invalid({f32({2, 3, 0, 6})}, shape({1, 1}), ErrorKind::kValue,
               "adaptive_max_pool2d: argument 'inp': expected a height and width of at least 1")
      .invalid({i64({2, 3, 4, 6})}, shape({1, 1}), ErrorKind::kType,
               "adaptive_max_pool2d: argument 'inp': expected a floating dtype")
      .invalid({f32({2, 3, 4, 6})}, {{"output_size", int64_t{1}}}, ErrorKind::kType, "adaptive_max_pool2d");
}

}  // namespace miai::ops
