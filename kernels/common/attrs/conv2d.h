// Attributes of conv2d and of its gradients.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct Conv2dAttrs {
  Pair stride{1, 1}, padding{0, 0}, dilation{1, 1};
  int64_t groups = 1;
  static auto fields() {
    return std::tuple{field("stride", &Conv2dAttrs::stride, "step of the window"),
                      field("padding", &Conv2dAttrs::padding, "zeros added on each side of height and width"),
                      field("dilation", &Conv2dAttrs::dilation, "distance between the taps of the window"),
                      field("groups", &Conv2dAttrs::groups, "parts that channels are split into")};
  }
};

/// conv2d_backward_data and conv2d_backward_weight.
struct Conv2dGradAttrs {
  Pair stride{1, 1}, padding{0, 0}, dilation{1, 1};
  int64_t groups = 1;
  Dims size;
  static auto fields() {
    return std::tuple{field("stride", &Conv2dGradAttrs::stride, "of the convolution"),
                      field("padding", &Conv2dGradAttrs::padding, "of the convolution"),
                      field("dilation", &Conv2dGradAttrs::dilation, "of the convolution"),
                      field("groups", &Conv2dGradAttrs::groups, "of the convolution"),
                      field("size", &Conv2dGradAttrs::size,
                            "height and width of the output: of the input or of the window")};
  }
};

/// conv2d_bias_act.
struct Conv2dActAttrs {
  Pair stride{1, 1}, padding{0, 0}, dilation{1, 1};
  int64_t groups = 1;
  std::string activation = "identity";
  static auto fields() {
    return std::tuple{field("stride", &Conv2dActAttrs::stride, "of the convolution"),
                      field("padding", &Conv2dActAttrs::padding, "of the convolution"),
                      field("dilation", &Conv2dActAttrs::dilation, "of the convolution"),
                      field("groups", &Conv2dActAttrs::groups, "of the convolution"),
                      field("activation", &Conv2dActAttrs::activation,
                            "what is applied to the sum: identity, relu, relu6, sigmoid or tanh")};
  }
};

/// The fields that all of them have.
template <class T>
Conv2dAttrs conv2d_attrs(const T& attrs) {
  return {attrs.stride, attrs.padding, attrs.dilation, attrs.groups};
}

}  // namespace miai
