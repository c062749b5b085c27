// Attributes of interpolate and of its gradient.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct InterpolateAttrs {
  Dims size;
  std::string mode = "bilinear";
  bool align_corners = false;
  std::optional<double> scale_h, scale_w;
  static auto fields() {
    return std::tuple{
        field("size", &InterpolateAttrs::size, "sizes of the output's last axes, all but the first two"),
        field("mode", &InterpolateAttrs::mode, "nearest, linear (rank 3) or bilinear (rank 4)"),
        field("align_corners", &InterpolateAttrs::align_corners,
              "the outermost elements of input and output lie on each other, else their edges"),
        field("scale_h", &InterpolateAttrs::scale_h,
              "output elements an input element; None: from the sizes"),
        field("scale_w", &InterpolateAttrs::scale_w,
              "output elements an input element; None: from the sizes")};
  }
};

}  // namespace miai
