// Where the taps of a convolution find their elements, and where its sums go.
#include <algorithm>

#include "kernels/x86/conv2d.h"

namespace miai::kernels {
namespace {

int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// The smallest and the largest element that is read along one axis, counted within a phase.
struct Reach {
  int64_t first = 0, last = 0;
};
Reach reach(const std::vector<AxisOutputs>& outputs) {
  Reach reach;
  for (const AxisOutputs& o : outputs)
    for (const AxisTap& tap : o.taps) {
      reach.first = std::min(reach.first, tap.shift);
      reach.last = std::max(reach.last, o.count - 1 + tap.shift);
    }
  return reach;
}

int64_t most_outputs(const std::vector<AxisOutputs>& outputs) {
  int64_t most = 0;
  for (const AxisOutputs& o : outputs) most = std::max(most, o.count);
  return most;
}

/// Cuts the lanes of a block into runs that lie in one row of the output.
void add_runs(Correlation& c, PositionBlock& block, const PlaneShape& plane, const AxisOutputs& rows,
              const AxisOutputs& columns, int64_t width, int64_t lanes) {
  block.first_run = static_cast<int>(c.runs.size());
  int64_t last = std::min(block.first + lanes, (rows.count - 1) * plane.pitch + columns.count);
  for (int64_t p = block.first; p < last;) {
    int64_t row = p / plane.pitch, column = p % plane.pitch;
    int64_t count = std::min(columns.count - column, last - p);
    if (count > 0)
      c.runs.push_back({static_cast<int>(p - block.first), static_cast<int>(count),
                        (rows.first + row * rows.step) * width + columns.first + column * columns.step});
    p = count > 0 ? p + count : (row + 1) * plane.pitch;
  }
  block.run_count = static_cast<int>(c.runs.size()) - block.first_run;
}

}  // namespace

AxisOutputs forward_axis(int64_t taps, int64_t stride, int64_t padding, int64_t dilation, int64_t count) {
  AxisOutputs axis{0, 1, count, {}};
  for (int64_t k = 0; k < taps; ++k) {
    int64_t at = k * dilation - padding, shift = floor_div(at, stride);
    axis.taps.push_back({k, at - shift * stride, shift});
  }
  return axis;
}

std::vector<AxisOutputs> backward_axis(int64_t taps, int64_t stride, int64_t padding, int64_t dilation,
                                       int64_t size) {
  std::vector<AxisOutputs> sets;
  for (int64_t first = 0; first < std::min(stride, size); ++first) {
    AxisOutputs set{first, stride, (size - first + stride - 1) / stride, {}};
    for (int64_t k = 0; k < taps; ++k) {
      int64_t at = first + padding - k * dilation;
      if (floor_div(at, stride) * stride == at) set.taps.push_back({k, 0, floor_div(at, stride)});
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

PlaneShape plane_shape(int64_t height, int64_t width, int64_t stride_h, int64_t stride_w,
                       const std::vector<AxisOutputs>& rows, const std::vector<AxisOutputs>& columns,
                       int64_t lanes) {
  PlaneShape s{height, width, stride_h, stride_w};
  Reach down = reach(rows), along = reach(columns);
  s.top = -down.first;
  s.left = -along.first;
  s.rows = s.top + std::max(down.last + 1, s.phase_height(0));
  int64_t behind = std::max<int64_t>(0, along.last + 1 - s.phase_width(0));
  s.pitch = std::max(s.phase_width(0) + std::max(s.left, behind), most_outputs(columns));
  s.phase_size = (s.left + s.rows * s.pitch + lanes - 1) / lanes * lanes;
  s.channel_size = s.phase_size * stride_h * stride_w;
  return s;
}

Correlation correlate(const PlaneShape& plane, const AxisOutputs& rows, const AxisOutputs& columns,
                      int64_t taps_w, int64_t width, int lanes) {
  Correlation c;
  c.step = columns.step;
  for (const AxisTap& row : rows.taps)
    for (const AxisTap& column : columns.taps)
      c.taps.push_back({(row.phase * plane.stride_w + column.phase) * plane.phase_size +
                            (plane.top + row.shift) * plane.pitch + plane.left + column.shift,
                        row.tap * taps_w + column.tap});
  if (rows.count == 0 || columns.count == 0) return c;
  int64_t positions = (rows.count - 1) * plane.pitch + columns.count;
  for (int64_t first = 0; first < positions;) {
    PositionBlock block{first, positions - first > lanes ? 2 : 1};
    add_runs(c, block, plane, rows, columns, width, static_cast<int64_t>(block.vectors) * lanes);
    first += static_cast<int64_t>(block.vectors) * lanes;
    if (block.run_count) c.blocks.push_back(block);
  }
  return c;
}

}  // namespace miai::kernels
