// interpolate: a linear map, as is its gradient; each is the other's gradient.
#include "kernels/common/attrs/interpolate.h"

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

void check_mode(const InferContext& c, int rank) {
  const auto& a = c.attrs<InterpolateAttrs>();
  std::string linear = rank == 3 ? "linear" : "bilinear";
  if (a.mode != "nearest" && a.mode != linear)
    c.fail(ErrorKind::kValue, "mode", "expected nearest or ", linear, " for an input of rank ", rank,
           ", got '", a.mode, "'");
  if (a.align_corners && a.mode == "nearest")
    c.fail(ErrorKind::kValue, "align_corners", "expected False with mode 'nearest', got True");
  for (auto scale : {a.scale_h, a.scale_w})
    if (scale && !(*scale > 0)) c.fail(ErrorKind::kValue, "scale", "expected numbers above 0, got ", *scale);
}

/// Both operators: an image in, one of `size` out.
void infer_interpolate(InferContext& c) {
  c.check_float(0);
  Dims shape = c.input(0).shape;
  const Dims& size = c.attrs<InterpolateAttrs>().size;
  if (shape.size() != 3 && shape.size() != 4)
    c.fail(ErrorKind::kValue, c.input_name(0), "expected rank 3 (n, c, l) or 4 (n, c, h, w), got rank ",
           shape.size(), " (shape ", shape, ")");
  check_mode(c, shape.size());
  if (size.size() != shape.size() - 2)
    c.fail(ErrorKind::kValue, "size", "expected ", shape.size() - 2, " sizes for an input of rank ",
           shape.size(), ", got ", size);
  for (int d = 2; d < shape.size(); ++d) {
    if (shape[d] == Dim(0))
      c.fail(ErrorKind::kValue, c.input_name(0), "expected an image with elements, got shape ", shape);
    shape[d] = size[d - 2];
    if (shape[d].is_static() && shape[d].value() < 1)
      c.fail(ErrorKind::kValue, "size", "expected sizes of at least 1, got ", size);
  }
  c.output_like(0, shape);
}

Vars grad_by(const char* other, GradContext& c) {
  InterpolateAttrs attrs = c.attrs_as<InterpolateAttrs>();
  const Dims& shape = c.input_type(0).shape;
  attrs.size = Dims(std::span(shape.begin() + 2, static_cast<size_t>(shape.size() - 2)));
  return {emit1(find_op(other), make_attrs(attrs), {c.grad()})};
}

constexpr const char* kDoc =
    R"(Resizes images to `size`, by the nearest element or between the nearest ones, as in PyTorch.

Args:
    inp: shape (n, c, h, w), or (n, c, l) with mode linear or nearest; floating dtype.
    size: height and width of the output, or its length.
    mode: nearest, linear (rank 3) or bilinear (rank 4).
    align_corners: the outermost elements of input and output lie on each other, else their edges.
    scale_h: output elements an input element, if the size was made by it; None takes both sizes.
    scale_w: as scale_h.

Returns:
    shape (n, c, *size).

Raises:
    ValueError: a mode or sizes that do not fit. TypeError: integers.

Example:
    >>> import miai as mi, miai.functional as F
    >>> F.interpolate(mi.tensor([[[1.0, 3.0]]]), 4, mode="linear").tolist()
    [[[1.0, 1.5, 2.5, 3.0]]]
)";

}  // namespace

void define_interpolate(OpTable& table) {
  OpDef op;
  op.name = "interpolate";
  op.doc = kDoc;
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<InterpolateAttrs>();
  op.infer = infer_interpolate;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "interpolate_backward";
  backward.doc = "The gradient of interpolate; `size` is that of its input.";
  backward.inputs = {{"dy"}};
  backward.attrs = &attrs_type<InterpolateAttrs>();
  backward.infer = infer_interpolate;
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_interpolate_grad(GradTable& grads) {
  grads.add("interpolate", {[](GradContext& c) { return grad_by("interpolate_backward", c); }});
  grads.add("interpolate_backward", {[](GradContext& c) { return grad_by("interpolate", c); }});
}

void define_interpolate_samples(SampleTable& samples) {
  auto to = [](Ints size, const char* mode = "bilinear", bool align = false) {
    return AttrList{{"size", size}, {"mode", std::string(mode)}, {"align_corners", align}};
  };
  auto scaled = [](Ints size, const char* mode, double h, double w) {
    return AttrList{{"size", size}, {"mode", std::string(mode)}, {"scale_h", h}, {"scale_w", w}};
  };
  for (const std::string name : {"interpolate", "interpolate_backward"}) {
    std::string argument = name == "interpolate" ? "inp" : "dy";
    samples.of(name)
        .valid({f32({2, 3, 4, 5})}, to({8, 10}))
        .valid({f32({2, 3, 4, 5})}, to({7, 3}, "bilinear", true))
        .valid({f32({2, 3, 4, 5})}, to({8, 11}, "nearest"))
        .valid({f32({2, 3, 5})}, to({9}, "linear"))
        .valid({f32({2, 3, 5})}, to({9}, "nearest"))
        .valid({f32({1, 2, 4, 5})}, scaled({6, 9}, "bilinear", 1.6, 1.9))
        .valid({f32({1, 2, 4, 5})}, scaled({6, 9}, "nearest", 1.6, 1.9))
        .valid({f32({2, 3, 9, 7})}, to({3, 2}))
        .valid({f32({1, 1, 1, 1})}, to({3, 2}, "bilinear", true))
        .valid({f32({1, 1, 3, 4})}, to({1, 1}, "bilinear", true))
        .valid({f32({0, 3, 4, 5})}, to({8, 10}))
        .valid({f32({2, 3, 4, 5}).transposed()}, to({5, 6}))
        .valid({f32({2, 3, 4, 5}).sliced()}, to({5, 6}, "nearest"))
        .valid({f32({2, 3, 4, 5}).broadcast()}, to({5, 6}))
        .valid({f64({2, 3, 4, 5})}, to({5, 6}))
        .valid({f16({2, 3, 4, 5})}, to({5, 6}))
        .valid({bf16({2, 3, 4, 5})}, to({5, 6}))
        .invalid(
            {f32({4, 5})}, to({8, 10}), ErrorKind::kValue,
            name + ": argument '" + argument + "': expected rank 3 (n, c, l) or 4 (n, c, h, w), got rank 2")
        .invalid({i64({2, 3, 4, 5})}, to({8, 10}), ErrorKind::kType, "expected a floating dtype")
        .invalid({f32({2, 3, 4, 5})}, to({8}), ErrorKind::kValue,
                 name + ": argument 'size': expected 2 sizes for an input of rank 4, got [8]")
        .invalid({f32({2, 3, 4, 5})}, to({8, 0}), ErrorKind::kValue,
                 name + ": argument 'size': expected sizes of at least 1")
        .invalid(
            {f32({2, 3, 4, 5})}, to({8, 10}, "bicubic"), ErrorKind::kValue,
            name + ": argument 'mode': expected nearest or bilinear for an input of rank 4, got 'bicubic'")
        .invalid({f32({2, 3, 4, 5})}, to({8, 10}, "nearest", true), ErrorKind::kValue,
                 name + ": argument 'align_corners': expected False with mode 'nearest'")
        .invalid({f32({2, 3, 4, 0})}, to({8, 10}), ErrorKind::kValue, "expected an image with elements");
  }
}

}  // namespace miai::ops
