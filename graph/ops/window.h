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

}  // namespace miai::ops
