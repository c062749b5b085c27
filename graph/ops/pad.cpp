#include "kernels/common/attrs/pad.h"

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

constexpr std::string_view kModes[] = {"constant", "edge", "replicate", "reflect", "circular", "wrap"};

void check_pad(const InferContext& c) {
  const PadAttrs& a = c.attrs<PadAttrs>();
  const TensorType& in = c.input(0);
  if (std::find(std::begin(kModes), std::end(kModes), a.mode) == std::end(kModes))
    c.fail(ErrorKind::kValue, "mode",
           "expected 'constant', 'edge' ('replicate'), 'reflect' or 'wrap' ('circular'), got '", a.mode, "'");
  if (static_cast<int>(a.pad_width.size()) != 2 * in.rank())
    c.fail(ErrorKind::kValue, "pad_width", "expected a pair for each of the ", in.rank(), " axes (",
           2 * in.rank(), " numbers), got ", a.pad_width.size());
  for (int64_t width : a.pad_width)
    if (width < 0)
      c.fail(ErrorKind::kValue, "pad_width", "expected numbers of at least 0, got ", AttrValue(a.pad_width));
}

/// What the other modes need of an axis: enough elements to repeat or reflect.
void check_axis(const InferContext& c, int i, Dim size) {
  const PadAttrs& a = c.attrs<PadAttrs>();
  int64_t widest = std::max(a.pad_width[2 * i], a.pad_width[2 * i + 1]);
  if (widest == 0 || a.mode == "constant" || !size.is_static()) return;
  const bool wraps = a.mode == "circular" || a.mode == "wrap";
  if (size.value() < (a.mode == "reflect" ? widest + 1 : wraps ? widest : 1))
    c.fail(ErrorKind::kValue, "pad_width", "expected ", wraps ? "at most" : "less than", " the size of axis ",
           i, " for mode '", a.mode, "', got ", widest, " for size ", size);
}

Dims changed(const InferContext& c, int sign) {
  const Ints& width = c.attrs<PadAttrs>().pad_width;
  Dims shape = c.input(0).shape;
  for (int i = 0; i < shape.size(); ++i)
    shape[i] = shape[i] + Dim(sign) * (Dim(width[2 * i]) + Dim(width[2 * i + 1]));
  return shape;
}

void infer_pad(InferContext& c) {
  check_pad(c);
  for (int i = 0; i < c.input(0).rank(); ++i) check_axis(c, i, c.input(0).shape[i]);
  c.output_like(0, changed(c, 1));
}

void infer_pad_backward(InferContext& c) {
  check_pad(c);
  Dims shape = changed(c, -1);
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i].is_static() && shape[i].value() < 0)
      c.fail(ErrorKind::kValue, "dy", "expected a size of at least the padding in dimension ", i,
             ", got shape ", c.input(0).shape);
    check_axis(c, i, shape[i]);
  }
  c.output_like(0, shape);
}

}  // namespace

void define_pad(OpTable& table) {
  OpDef op;
  op.name = "pad";
  op.doc = R"(`src` with elements added before and after each axis.

`pad_width`: how many before and after, for every axis. `mode`: 'constant' adds `constant_value`, 'edge' (or
'replicate') repeats the outermost element, 'reflect' mirrors without it, 'wrap' (or 'circular') goes on at the
other end. Any dtype. Raises ValueError where an axis has too few elements for that.

>>> import miai.functional as F, miai as mi
>>> F.pad(mi.tensor([1, 2, 3]), (1, 2), mode="reflect").tolist()
[2, 1, 2, 3, 2, 1]
)";
  op.inputs = {{"src"}};
  op.attrs = &attrs_type<PadAttrs>();
  op.infer = infer_pad;
  table.add(std::move(op));

  OpDef backward;
  backward.name = "pad_backward";
  backward.doc = "The gradient of pad: `dy` summed into the elements that it was padded from.";
  backward.inputs = {{"dy"}};
  backward.attrs = &attrs_type<PadAttrs>();
  backward.infer = infer_pad_backward;
  backward.is_public = false;
  table.add(std::move(backward));
}

void define_pad_grad(GradTable& grads) {
  grads.add("pad",
            {[](GradContext& c) -> Vars { return {emit1(find_op("pad_backward"), c.attrs, {c.grad()})}; }});
  grads.add("pad_backward", {[](GradContext& c) -> Vars {
              PadAttrs attrs = c.attrs_as<PadAttrs>();
              attrs.constant_value = 0;
              return {emit1(find_op("pad"), make_attrs(attrs), {c.grad()})};
            }});
}

void define_pad_samples(SampleTable& samples) {
  auto attrs = [](Ints width, const char* mode, double value = 0) {
    return AttrList{{"pad_width", width}, {"mode", std::string(mode)}, {"constant_value", value}};
  };
  samples.of("pad")
      .valid({f32({3})}, attrs({1, 2}, "constant", 2.5))
      .valid({f32({3})}, attrs({2, 1}, "edge"))
      .valid({f32({3})}, attrs({2, 2}, "reflect"))
      .valid({f32({2, 3})}, attrs({1, 0, 0, 2}, "constant"))
      .valid({f32({2, 3})}, attrs({1, 3, 2, 2}, "replicate"))
      .valid({f32({3, 4, 5})}, attrs({0, 0, 1, 2, 3, 1}, "reflect"))
      .valid({f32({0, 3})}, attrs({2, 1, 1, 1}, "constant", 1))
      .valid({f32({2, 0})}, attrs({1, 1, 0, 0}, "edge"))
      .valid({f32({})}, attrs({}, "constant"))
      .valid({f32({1, 1})}, attrs({0, 0, 0, 0}, "reflect"))
      .valid({f32({4, 6}).transposed()}, attrs({1, 1, 2, 2}, "reflect"))
      .valid({f32({4, 6}).sliced()}, attrs({1, 1, 2, 2}, "constant"))
      .valid({f32({4, 6}).broadcast()}, attrs({1, 1, 2, 2}, "edge"))
      .valid({f32({3})}, attrs({3, 2}, "wrap"))
      .valid({f32({2, 3, 4}).sliced()}, attrs({0, 1, 2, 3, 4, 0}, "circular"))
      .valid({f64({3})}, attrs({1, 1}, "edge"))
      .valid({f16({3})}, attrs({1, 1}, "constant", 0.1))
      .valid({i64({3})}, attrs({1, 1}, "constant", 7))
      .valid({b8({3})}, attrs({1, 1}, "constant", 1))
      .invalid({f32({3})}, attrs({3, 0}, "reflect"), ErrorKind::kValue,
               "expected less than the size of axis 0")
      .invalid({f32({0})}, attrs({1, 0}, "edge"), ErrorKind::kValue, "expected less than the size of axis 0")
      .invalid({f32({3})}, attrs({1}, "constant"), ErrorKind::kValue,
               "a pair for each of the 1 axes (2 numbers), got 1")
      .invalid({f32({3})}, attrs({-1, 1}, "constant"), ErrorKind::kValue, "expected numbers of at least 0")
      .invalid({f32({3})}, attrs({1, 1}, "mirror"), ErrorKind::kValue, "argument 'mode': expected 'constant'")
      .invalid({f32({3})}, attrs({4, 0}, "wrap"), ErrorKind::kValue, "expected at most the size of axis 0")
      .invalid({std::nullopt}, attrs({1, 1}, "edge"), ErrorKind::kType, "argument 'src': missing");
  samples.of("pad_backward")
      .valid({f32({6})}, attrs({1, 2}, "constant", 2.5))
      .valid({f32({6})}, attrs({2, 1}, "edge"))
      .valid({f32({7})}, attrs({2, 2}, "reflect"))
      .valid({f32({3, 5})}, attrs({1, 0, 0, 2}, "constant"))
      .valid({f32({6, 7})}, attrs({1, 3, 2, 2}, "replicate"))
      .valid({f32({3, 7, 9})}, attrs({0, 0, 1, 2, 3, 1}, "reflect"))
      .valid({f32({})}, attrs({}, "constant"))
      .valid({f32({3, 4})}, attrs({2, 1, 1, 1}, "constant", 1))
      .valid({f32({6, 8}).transposed()}, attrs({1, 1, 2, 2}, "reflect"))
      .valid({f32({6, 8}).sliced()}, attrs({1, 1, 2, 2}, "edge"))
      .valid({f32({6, 8})}, attrs({2, 2, 3, 1}, "wrap"))
      .valid({f64({5})}, attrs({1, 1}, "edge"))
      .invalid({f32({1})}, attrs({1, 1}, "constant"), ErrorKind::kValue,
               "at least the padding in dimension 0")
      .invalid({f32({2})}, attrs({1, 1}, "edge"), ErrorKind::kValue, "expected less than the size of axis 0")
      .invalid({f32({3})}, attrs({1}, "constant"), ErrorKind::kValue,
               "a pair for each of the 1 axes (2 numbers), got 1")
      .invalid({f32({3})}, attrs({-1, 1}, "constant"), ErrorKind::kValue, "expected numbers of at least 0")
      .invalid({f32({3})}, attrs({1, 1}, "mirror"), ErrorKind::kValue,
               "argument 'mode': expected 'constant'");
}

}  // namespace miai::ops
