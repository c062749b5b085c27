// Attributes of the pooling operators and of their gradients.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

inline constexpr std::string_view kExcludePadding = "average_count_exclude_padding";

struct MaxPool2dAttrs {
  Pair kernel_size{1, 1};
  std::optional<Pair> stride;
  Pair padding{0, 0};
  Pair step() const { return stride.value_or(kernel_size); }
  static auto fields() {
    return std::tuple{
        field("kernel_size", &MaxPool2dAttrs::kernel_size, "height and width of the window"),
        field("stride", &MaxPool2dAttrs::stride, "step of the window; None: kernel_size"),
        field("padding", &MaxPool2dAttrs::padding, "elements added on each side, less than all others")};
  }
};

/// max_pool2d_offsets and max_pool2d_indices.
struct PoolOffsetAttrs {
  Pair kernel_size{1, 1}, stride{1, 1}, padding{0, 0};
  Dim width;
  static auto fields() {
    return std::tuple{field("kernel_size", &PoolOffsetAttrs::kernel_size, "of max_pool2d"),
                      field("stride", &PoolOffsetAttrs::stride, "of max_pool2d"),
                      field("padding", &PoolOffsetAttrs::padding, "of max_pool2d"),
                      field("width", &PoolOffsetAttrs::width, "of the image")};
  }
};

struct AvgPool2dAttrs {
  Pair kernel_size{1, 1};
  std::optional<Pair> stride;
  Pair padding{0, 0};
  std::string mode{kExcludePadding};
  Pair step() const { return stride.value_or(kernel_size); }
  bool counts_padding() const { return mode != kExcludePadding; }
  static auto fields() {
    return std::tuple{
        field("kernel_size", &AvgPool2dAttrs::kernel_size, "height and width of the window"),
        field("stride", &AvgPool2dAttrs::stride, "step of the window; None: kernel_size"),
        field("padding", &AvgPool2dAttrs::padding, "zeros added on each side"),
        field("mode", &AvgPool2dAttrs::mode, "average_count_exclude_padding, or average to count it")};
  }
};

struct AvgPool2dGradAttrs {
  Pair kernel_size{1, 1}, stride{1, 1}, padding{0, 0};
  std::string mode{kExcludePadding};
  Dims size;
  static auto fields() {
    return std::tuple{field("kernel_size", &AvgPool2dGradAttrs::kernel_size, "of avg_pool2d"),
                      field("stride", &AvgPool2dGradAttrs::stride, "of avg_pool2d"),
                      field("padding", &AvgPool2dGradAttrs::padding, "of avg_pool2d"),
                      field("mode", &AvgPool2dGradAttrs::mode, "of avg_pool2d"),
                      field("size", &AvgPool2dGradAttrs::size, "height and width of the input")};
  }
};

/// adaptive_avg_pool2d and adaptive_max_pool2d.
struct AdaptivePool2dAttrs {
  Pair oshp{1, 1};
  static auto fields() {
    return std::tuple{field("oshp", &AdaptivePool2dAttrs::oshp, "height and width of the output")};
  }
};

/// max_pool2d_backward and adaptive_avg_pool2d_backward.
struct ImageSizeAttrs {
  Dims size;
  static auto fields() {
    return std::tuple{field("size", &ImageSizeAttrs::size, "height and width of the input")};
  }
};

}  // namespace miai
