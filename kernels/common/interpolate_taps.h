// Which input elements an element of an interpolated axis is made of.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/common/attrs/interpolate.h"
#include "kernels/common/tensor_view.h"

namespace miai {

/// x[low] * (1 - share) + x[high] * share.
struct InterpolateTap {
  int64_t low, high;
  double share;
};

/// PyTorch's coordinates. `scale` is the one that was given, if any.
inline std::vector<InterpolateTap> interpolate_taps(const InterpolateAttrs& a, std::optional<double> scale,
                                                    int64_t in, int64_t out) {
  std::vector<InterpolateTap> taps(static_cast<size_t>(out));
  bool is_nearest = a.mode == "nearest";
  auto sizes = static_cast<double>(in) / static_cast<double>(std::max<int64_t>(out, 1));
  double step = scale ? 1 / *scale : sizes;
  if (a.align_corners && !is_nearest)
    step = out > 1 ? static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0;
  for (int64_t i = 0; i < out; ++i) {
    auto at = static_cast<double>(i);
    double from = a.align_corners ? step * at : std::max(0.0, step * (at + 0.5) - 0.5);
    // in float, as PyTorch has it: which element is the nearest depends on the rounding
    if (is_nearest) from = std::floor(static_cast<float>(i) * static_cast<float>(step));
    auto low = std::min(static_cast<int64_t>(from), in - 1);
    taps[static_cast<size_t>(i)] = {low, std::min(low + 1, in - 1),
                                    is_nearest ? 0 : std::min(from - static_cast<double>(low), 1.0)};
  }
  return taps;
}

/// The taps of both axes (of one, and a single row, for rank 3) of interpolate from input to output.
struct InterpolatePlan {
  std::vector<InterpolateTap> rows, columns;
  InterpolatePlan(const InterpolateAttrs& a, const Shape& in, const Shape& out)
      : rows(in.size() == 4 ? interpolate_taps(a, a.scale_h, in[2], out[2])
                            : std::vector<InterpolateTap>{{0, 0, 0}}),
        columns(interpolate_taps(a, a.scale_w, in.back(), out.back())) {}
};

/// Rank 3 as rank 4 with a single row.
inline TensorView interpolate_image(TensorView view) {
  if (view.rank() == 4) return view;
  view.shape.insert(2, 1);
  view.strides.insert(2, 0);
  return view;
}

}  // namespace miai
