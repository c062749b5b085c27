#include "kernels/x86/winograd_panels.h"

#include <algorithm>
#include <limits>

#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/transpose.h"

namespace miai::kernels {
namespace {

constexpr int64_t kTaps = 9, kPanelVectors = 2;

int64_t panel_width(const WinogradPanels& s, int64_t panel) {
  return std::min(kPanelVectors, s.vectors - panel * kPanelVectors) * winograd_loops().lanes;
}

/// Threads take tiles or panels: with fewer tiles each the weight's points are made more often, with fewer
/// panels the source's.
void cut_tasks(WinogradPanels& s) {
  constexpr double kSource = 7, kWeight = 80, kProduct = 1.15;  // cycles of a vector, as measured on Zen 4
  const auto channels = static_cast<double>(s.source.images.channels);
  const double lanes = winograd_loops().lanes, points = s.tiles.points();
  double least = std::numeric_limits<double>::infinity();
  for (int64_t a = 1; a <= thread_count(); ++a) {
    const int64_t b = std::min(thread_count() / a, s.panels);
    const auto tiles = static_cast<double>(divide_up(s.tiles.count(), a));
    const double vectors = static_cast<double>(divide_up(s.panels, b) * kPanelVectors);
    const double cycles = tiles * points * (channels * vectors * kProduct + kSource * channels / lanes) +
                          channels * vectors * kWeight;
    if (a > s.tiles.count() || cycles >= least) continue;
    least = cycles, s.tile_parts = a, s.panel_parts = b;
  }
}

}  // namespace

void WinogradPanels::finish() {
  constexpr int64_t kRoundBytes = 2 << 20, kLeastTiles = 14, kChunkBytes = 300 * 1024;
  const int64_t lanes = winograd_loops().lanes, channels = source.images.channels;
  const int64_t point_bytes = tiles.points() * int64_t{sizeof(float)};
  vectors = divide_up(target.channels, lanes), panels = divide_up(vectors, kPanelVectors);
  cut_tasks(*this);
  v_row = tile_row_elements(channels), m_row = kPanelVectors * lanes;
  const int64_t of_task = tile_parts ? divide_up(tiles.count(), tile_parts) : 0;
  const int64_t rounds = divide_up(of_task, std::max(kLeastTiles, kRoundBytes / (v_row * point_bytes)));
  round = rounds ? divide_up(of_task, rounds) : 0;
  const int64_t chunks = divide_up(channels, std::max<int64_t>(1, kChunkBytes / (m_row * point_bytes)));
  chunk = divide_up(channels, chunks);
  // One vector more: the same place in every plane would fall into the same set of a cache.
  u_plane = chunk * m_row + lanes, v_plane = round * v_row + lanes, m_plane = round * m_row + lanes;
  task_elements = v_row + tiles.points() * (u_plane + v_plane + m_plane) +
                  std::max(WindowReader::row_elements(tiles, source, v_row),
                           WindowWriter::row_elements(tiles, target, m_row));
  weight_elements = channels * kTaps * vectors * lanes;
}

void pack_winograd(const WinogradPanels& s, const TensorView& weight, float* packed) {
  const int64_t channels = s.source.images.channels, lanes = winograd_loops().lanes;
  parallel_for(0, s.panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t first = panel * kPanelVectors * lanes, width = panel_width(s, panel);
      const int64_t used = std::min(width, s.target.channels - first);
      const float* from = weight.as<float>() + first * s.weight_out;
      float* to = packed + first * channels * kTaps;
      if (used < width) std::fill_n(to, channels * kTaps * width, 0.0f);
      if (s.weight_channel == kTaps) {  // all taps of a channel of the target are one row
        transpose_function()(from, s.weight_out, used, channels * kTaps, to, width);
      } else {
        for (int64_t c = 0; c < channels; ++c)
          transpose_function()(from + c * s.weight_channel, s.weight_out, used, kTaps, to + c * kTaps * width,
                               width);
      }
    }
  });
}

namespace {

/// What a thread works with.
class Task {
 public:
  Task(const WinogradPanels& state, const void* source, const float* taps, const WinogradTarget& target,
       float* scratch)
      : s_(state),
        taps_(taps),
        u_(scratch + s_.v_row),  // after zeros
        v_(u_ + s_.tiles.points() * s_.u_plane),
        m_(v_ + s_.tiles.points() * s_.v_plane),
        rows_(m_ + s_.tiles.points() * s_.m_plane),
        source_(s_.tiles, s_.source, source, 0, s_.source.images.channels, s_.v_row, scratch, rows_),
        target_(s_.tiles, target, s_.m_row, rows_) {
    std::fill_n(scratch, s_.v_row, 0.0f);
  }

  void run(int64_t tile_part, int64_t panel_part, const KernelContext& context) const {
    const int64_t begin = tile_part * s_.tiles.count() / s_.tile_parts,
                  end = (tile_part + 1) * s_.tiles.count() / s_.tile_parts;
    const int64_t first_panel = panel_part * s_.panels / s_.panel_parts,
                  last_panel = (panel_part + 1) * s_.panels / s_.panel_parts;
    for (int64_t first = begin; first < end; first += s_.round) {
      const int64_t last = std::min(first + s_.round, end);
      source_.read(first, last, v_, s_.v_plane);
      for (int64_t panel = first_panel; panel < last_panel && !context.is_cancelled(); ++panel)
        run_panel(panel, first, last);
    }
  }

 private:
  void run_panel(int64_t panel, int64_t first, int64_t last) const {
    const int64_t lanes = winograd_loops().lanes, width = panel_width(s_, panel), vectors = width / lanes;
    const int64_t column = panel * kPanelVectors * lanes, channels = s_.source.images.channels;
    const float* taps = taps_ + column * channels * kTaps;
    for (int64_t c = 0; c < channels; c += s_.chunk) {
      const int64_t count = std::min(s_.chunk, channels - c);
      winograd_loops().panel[s_.tiles.kind()](
          {taps + c * kTaps * width, count, vectors, s_.flipped, u_, s_.u_plane});
      for (int i = 0; i < s_.tiles.points(); ++i)
        winograd_loops().multiply({v_ + i * s_.v_plane + c, s_.v_row, u_ + i * s_.u_plane,
                                   m_ + i * s_.m_plane, s_.m_row, last - first, count, vectors, c > 0});
    }
    target_.write(first, last, column, std::min(width, s_.target.channels - column), m_, s_.m_row,
                  s_.m_plane);
  }

  const WinogradPanels& s_;
  const float* taps_;
  float *u_, *v_, *m_, *rows_;
  WindowReader source_;
  WindowWriter target_;
};

}  // namespace

void run_winograd(const WinogradPanels& s, const KernelArgs& args, const TensorView& source,
                  const TensorView& weight) {
  auto* scratch = static_cast<float*>(args.workspace);
  const float* taps = weight.as<float>();
  if (!s.packed) {
    pack_winograd(s, weight, scratch);
    taps = scratch;
    scratch += s.weight_elements;
  }
  const WinogradTarget target = winograd_target(s, args, nullptr);
  parallel_for(0, s.tile_parts * s.panel_parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      Task(s, source.data, taps, target, scratch + i * s.task_elements)
          .run(i / s.panel_parts, i % s.panel_parts, args.context);
  });
}

}  // namespace miai::kernels
