// What convolutions and transposed ones check of their attributes.
#pragma once
#include "kernels/common/attrs/conv2d.h"

#include "graph/ops/window.h"

namespace miai::ops {

/// Raises unless stride, padding, dilation and groups are within their ranges.
inline void check_conv_attrs(const InferContext& context, const Conv2dAttrs& attrs) {
  check_at_least(context, "stride", attrs.stride, 1);
  check_at_least(context, "padding", attrs.padding, 0);
  check_at_least(context, "dilation", attrs.dilation, 1);
  if (attrs.groups < 1) context.fail(ErrorKind::kValue, "groups", "expected at least 1, got ", attrs.groups);
}

/// Raises if the channels cannot be split into the groups.
inline void check_divides(const InferContext& context, std::string_view argument, Dim channels,
                          int64_t groups) {
  if (!dims_equal(floor_div(channels, groups) * Dim(groups), channels))
    context.fail(ErrorKind::kValue, "groups", "expected a divisor of the ", channels, " channels of '",
                 argument, "', got ", groups);
}

}  // namespace miai::ops
