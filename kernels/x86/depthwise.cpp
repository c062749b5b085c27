#include "kernels/x86/depthwise.h"

#include <algorithm>
#include <string>

#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {
namespace {

/// One axis: outputs, their taps with offsets of pixels that grow, and the source's size.
struct Axis {
  AxisOutputs outputs;
  int64_t stride, size;

  int64_t offset(const AxisTap& tap) const { return tap.shift * stride + tap.phase; }
  bool sees(int64_t output, const AxisTap& tap) const {
    const int64_t at = output * stride + offset(tap);
    return at >= 0 && at < size;
  }
};

std::vector<DepthwiseSpan> spans_of(const Axis& axis) {
  std::vector<DepthwiseSpan> spans;
  const std::vector<AxisTap>& taps = axis.outputs.taps;
  for (int64_t i = 0; i < axis.outputs.count; ++i) {
    size_t first = 0, last = taps.size();
    while (first < last && !axis.sees(i, taps[first])) ++first;
    while (last > first && !axis.sees(i, taps[last - 1])) --last;
    if (!spans.empty() && spans.back().first_tap == first && spans.back().last_tap == last)
      spans.back().end = i + 1;
    else
      spans.push_back({i, i + 1, first, last});
  }
  return spans;
}

/// Spans of one output beside a longer one, from which one tap leaves the image, become part of that one: for
/// loops that can leave out the first and the last pixel.
std::vector<DepthwiseSpan> clipped(std::vector<DepthwiseSpan> spans) {
  auto joins = [](const DepthwiseSpan& border, const DepthwiseSpan& inner) {
    return border.end - border.begin == 1 && inner.last_tap - inner.first_tap > 1;
  };
  if (spans.size() > 1 && joins(spans[0], spans[1]) && spans[0].first_tap == spans[1].first_tap + 1 &&
      spans[0].last_tap == spans[1].last_tap) {
    spans[1].begin = spans[0].begin, spans[1].clips_first = true;
    spans.erase(spans.begin());
  }
  const size_t last = spans.size() - 1;
  if (spans.size() > 1 && joins(spans[last], spans[last - 1]) &&
      spans[last].last_tap + 1 == spans[last - 1].last_tap &&
      spans[last].first_tap == spans[last - 1].first_tap) {
    spans[last - 1].end = spans[last].end, spans[last - 1].clips_last = true;
    spans.pop_back();
  }
  return spans;
}

/// The taps of a row follow each other, in one run.
bool has_one_run(const Axis& axis) {
  const std::vector<AxisTap>& taps = axis.outputs.taps;
  return taps.size() <= kMostDepthwiseTaps && (axis.stride == 1 || axis.stride == 2) &&
         std::adjacent_find(taps.begin(), taps.end(), [&](const AxisTap& a, const AxisTap& b) {
           return axis.offset(b) != axis.offset(a) + 1;
         }) == taps.end();
}

/// In ascending order of what is read, so that those which are seen follow each other.
Axis make_axis(AxisOutputs outputs, int64_t stride, int64_t size) {
  Axis axis{std::move(outputs), stride, size};
  std::sort(axis.outputs.taps.begin(), axis.outputs.taps.end(),
            [&](const AxisTap& a, const AxisTap& b) { return axis.offset(a) < axis.offset(b); });
  return axis;
}

/// The taps of one row of the window that are seen, in runs.
void add_taps(const Axis& along, const DepthwiseSpan& columns, int64_t pixels, int64_t index,
              std::vector<DepthwiseTaps>& taps) {
  const std::vector<AxisTap>& axis = along.outputs.taps;
  for (size_t j = columns.first_tap; j < columns.last_tap; ++j) {
    const int64_t at = pixels + along.offset(axis[j]), tap = index + axis[j].tap;
    const bool begins = j == columns.first_tap || taps.back().count == kMostDepthwiseTaps ||
                        at != taps.back().pixels + taps.back().count;
    if (begins) taps.push_back({at, tap, 0, 0});
    DepthwiseTaps& run = taps.back();
    if (run.count == 1) run.index_step = tap - run.index;
    ++run.count;
  }
}

void add_rectangles(const Axis& down, const Axis& along, int64_t taps_w, int64_t target_width, bool may_clip,
                    std::vector<DepthwiseRectangle>& rectangles) {
  const std::vector<DepthwiseSpan> rows = spans_of(down);
  std::vector<DepthwiseSpan> columns = spans_of(along);
  if (may_clip && has_one_run(along) && !columns.empty()) columns = clipped(std::move(columns));
  for (const DepthwiseSpan& r : rows)
    for (const DepthwiseSpan& c : columns) {
      DepthwiseRectangle area{r.begin,
                              r.end,
                              c,
                              {},
                              down.outputs.first * target_width + along.outputs.first,
                              down.outputs.step * target_width,
                              along.outputs.step,
                              down.stride * along.size,
                              along.stride};
      for (size_t i = r.first_tap; i < r.last_tap; ++i) {
        const AxisTap& row = down.outputs.taps[i];
        add_taps(along, c, down.offset(row) * along.size, row.tap * taps_w, area.taps);
      }
      rectangles.push_back(std::move(area));
    }
}

}  // namespace

std::vector<DepthwiseRectangle> depthwise_rectangles(const KernelSignature& s) {
  const Conv2dAttrs a = conv2d_attrs_of(s);
  std::vector<DepthwiseRectangle> rectangles;
  if (s.op == "conv2d_backward_data") {
    const Shape &w = s.inputs[0].shape, &source = s.inputs[1].shape, &target = s.outputs[0].shape;
    for (AxisOutputs& rows : backward_axis(w[2], a.stride[0], a.padding[0], a.dilation[0], target[2]))
      for (AxisOutputs& columns : backward_axis(w[3], a.stride[1], a.padding[1], a.dilation[1], target[3]))
        add_rectangles(make_axis(rows, 1, source[2]), make_axis(columns, 1, source[3]), w[3], target[3], true,
                       rectangles);
    return rectangles;
  }
  const bool of_weight = s.op == "conv2d_backward_weight";
  const Shape &w = of_weight ? s.outputs[0].shape : s.inputs[1].shape, &source = s.inputs[0].shape,
              &target = of_weight ? s.inputs[1].shape : s.outputs[0].shape;
  add_rectangles(make_axis(forward_axis(w[2], a.stride[0], a.padding[0], a.dilation[0], target[2]),
                           a.stride[0], source[2]),
                 make_axis(forward_axis(w[3], a.stride[1], a.padding[1], a.dilation[1], target[3]),
                           a.stride[1], source[3]),
                 w[3], target[3], !of_weight, rectangles);
  return rectangles;
}

Support supports_depthwise(const KernelSignature& s, const TensorMeta& weight) {
  if (Support can = supports_floats(s); !can.ok) return can;
  const int64_t groups = conv2d_attrs_of(s).groups;
  if (groups == 1 || weight.shape[1] != 1 || weight.shape[0] != groups)
    return Support::no("made for depthwise convolution: a group and an output for each channel");
  for (auto metas : {s.inputs, s.outputs})
    for (const TensorMeta& meta : metas) {
      if (!meta.present) continue;
      if (&meta == &weight || meta.rank() != 4) {
        if (!meta.is_dense()) return Support::no("a weight or a bias with gaps");
      } else if (!meta.is_channels_last()) {
        return Support::no("made for channels-last images");
      }
    }
  return Support::yes();
}

const DepthwiseLoops& depthwise_loops() {
  return choose_isa(baseline::depthwise_loops, avx2::depthwise_loops, avx512::depthwise_loops);
}

}  // namespace miai::kernels
