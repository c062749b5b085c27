// What convolution and pooling share: checks of their windows, and how many of them fit.
#pragma once
#include "graph/ops/op_def.h"

namespace miai::ops {

/// Raises unless both numbers of the pair are at least `least`.
inline void check_at_least(const InferContext& context, std::string_view argument, const Pair& pair,
                           int64_t least) {
  for (int64_t value : pair)
    if (value < least || value > INT32_MAX)
      context.fail(ErrorKind::kValue, argument, "expected numbers from ", least, " to ", INT32_MAX, ", got [",
                   pair[0], ", ", pair[1], "]");
}

/// Positions of a window of `taps` along one axis; raises, naming `argument`, if it is empty or does not fit.
inline Dim window_count(const InferContext& context, Dim size, Dim taps, int64_t stride, int64_t padding,
                        int64_t dilation, std::string_view argument) {
  Dim padded = size + Dim(2 * padding);
  Dim extent = (taps - Dim(1)) * Dim(dilation) + Dim(1);
  if (taps.is_static() && taps.value() < 1)
    context.fail(ErrorKind::kValue, argument, "expected a window of at least 1 x 1, got a size of ", taps);
  if (padded.is_static() && extent.is_static() && extent.value() > padded.value())
    context.fail(ErrorKind::kValue, argument, "expected a window of at most ", padded,
                 " (the input's size with padding), got ", extent);
  return floor_div(padded - extent, stride) + Dim(1);
}

/// Height and width of a pooling's output; checks the window and its attributes.
inline Dims pool_size(const InferContext& context, const Dims& inp, const Pair& kernel_size,
                      const Pair& stride, const Pair& padding) {
  check_at_least(context, "kernel_size", kernel_size, 1);
  check_at_least(context, "stride", stride, 1);
  check_at_least(context, "padding", padding, 0);
  for (int i = 0; i < 2; ++i)
    if (padding[i] >= kernel_size[i])
      context.fail(ErrorKind::kValue, "padding", "expected less than the kernel_size of [", kernel_size[0],
                   ", ", kernel_size[1], "], got [", padding[0], ", ", padding[1],
                   "]; such a window would hold padding only");
  Dims out;
  for (int i = 0; i < 2; ++i)
    out.push_back(window_count(context, inp[2 + i], kernel_size[i], stride[i], padding[i], 1, "kernel_size"));
  return out;
}

/// Raises unless a tensor (input i) has this height and width; `why` says whose they are.
inline void check_image_size(const InferContext& context, int i, const Dims& size, std::string_view why) {
  context.check_dim(i, 2, size[0], why);
  context.check_dim(i, 3, size[1], why);
}

/// Raises unless the attribute 'size' is a height and a width.
inline void check_size_attr(const InferContext& context, const Dims& size) {
  if (size.size() != 2) context.fail(ErrorKind::kValue, "size", "expected height and width, got ", size);
  for (Dim d : size)
    if (d.is_static() && d.value() < 0)
      context.fail(ErrorKind::kValue, "size", "expected sizes of at least 0, got ", size);
}

/// Raises if the image is empty: a window over it would hold nothing.
inline void check_not_empty(const InferContext& context, int i) {
  const Dims& shape = context.input(i).shape;
  for (int axis : {2, 3})
    if (shape[axis] == Dim(0))
      context.fail(ErrorKind::kValue, context.input_name(i),
                   "expected a height and width of at least 1, got shape ", shape);
}

}  // namespace miai::ops
