#include "kernels/x86/winograd_blocks.h"

#include <algorithm>
#include <limits>

#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {

const WinogradLoops& winograd_loops() {
  return choose_isa(baseline::winograd_loops, avx2::winograd_loops, avx512::winograd_loops);
}

namespace {

/// Whole vectors of a tile's channels; not so that the rows of many tiles fall into a few sets of a cache.
int64_t row_elements(int64_t channels, int64_t lanes) {
  constexpr int64_t kSets = 256;
  const int64_t whole = round_up(channels, lanes);
  return whole % kSets ? whole : whole + lanes;
}

void choose_blocks(WinogradBlocks& s) {
  constexpr int64_t kBytes = 512 * 1024, kLeast = 14;  // of a block's points: the second-level cache; tiles
  const int64_t tile_bytes = s.points() * (s.v_row + s.m_row) * int64_t{sizeof(float)};
  const int64_t threads = std::min<int64_t>(thread_count(), s.tiles());
  if (threads == 0) return;
  const int64_t most = std::max(kLeast, kBytes / tile_bytes);
  s.blocks = std::min(round_up(divide_up(s.tiles(), most), threads), s.tiles());
  s.pieces = std::min(threads, s.blocks);
}

}  // namespace

void WinogradBlocks::finish() {
  const int64_t lanes = winograd_loops().lanes;
  tiles_h = divide_up(target.height, m), tiles_w = divide_up(target.width, m);
  vectors = divide_up(target.channels, lanes);
  v_row = row_elements(source.channels, lanes), m_row = row_elements(target.channels, lanes);
  choose_blocks(*this);
  // One vector more: the same place in every plane would fall into the same set of a cache.
  const int64_t tiles_of_block = blocks ? divide_up(tiles(), blocks) : 0;
  u_plane = source.channels * vectors * lanes + lanes;
  v_plane = tiles_of_block * v_row + lanes, m_plane = tiles_of_block * m_row + lanes;
  weight_elements = points() * u_plane;
  const int64_t width = tiles_w * m;
  const int64_t source_rows = source.channels_last ? 0 : winograd_points(m) * (width + 2) * v_row;
  const int64_t target_rows = target.channels_last ? 0 : m * width * m_row;
  piece_elements = v_row + points() * (v_plane + m_plane) + std::max(source_rows, target_rows);
}

void transform_weight(const WinogradBlocks& s, const float* weight, float* packed) {
  const int lanes = winograd_loops().lanes;
  const int64_t channels = s.source.channels;
  parallel_for(0, s.vectors, 1, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      const int64_t panel = j / 2 * 2, width = std::min<int64_t>(2, s.vectors - panel) * lanes;
      float* to = packed + panel * lanes * channels + (j - panel) * lanes;
      for (int64_t c = 0; c < channels; ++c)
        winograd_loops().weight[s.kind()](
            {weight + j * lanes * s.weight_out + c * s.weight_channel, s.weight_out, s.flipped,
             static_cast<int>(std::min<int64_t>(lanes, s.target.channels - j * lanes)), to + c * width,
             s.u_plane});
    }
  });
}

namespace {

/// Tiles of one row of tiles of one image.
struct TileRun {
  int64_t image, row, first, count;
};

/// What a thread works with.
class Piece {
 public:
  Piece(const WinogradBlocks& state, const KernelArgs& args, const float* source, const float* u,
        float* scratch)
      : s_(state),
        args_(args),
        source_(source),
        u_(u),
        zeros_(scratch),
        v_(zeros_ + s_.v_row),
        m_(v_ + s_.points() * s_.v_plane),
        rows_(m_ + s_.points() * s_.m_plane) {
    std::fill_n(zeros_, s_.v_row, 0.0f);
    auto has = [&](size_t i) { return i < args.inputs.size() && args.inputs[i].present; };
    if (args.inputs.size() > 2) {
      if (has(2)) bias_ = args.inputs[2].as<float>();
      if (has(3)) z_ = args.inputs[3].as<float>();
    }
  }

  void run_block(int64_t first, int64_t last) {
    for_each_run(first, last, [&](const TileRun& run, int64_t at) { transform_source(run, at); });
    for (int i = 0; i < s_.points(); ++i)
      winograd_loops().multiply({v_ + i * s_.v_plane, s_.v_row, u_ + i * s_.u_plane, m_ + i * s_.m_plane,
                                 s_.m_row, last - first, s_.source.channels, s_.vectors});
    for_each_run(first, last, [&](const TileRun& run, int64_t at) { transform_sums(run, at); });
  }

 private:
  template <class F>
  void for_each_run(int64_t first, int64_t last, F&& visit) const {
    for (int64_t t = first; t < last;) {
      const int64_t row = t / s_.tiles_w, column = t % s_.tiles_w;
      const int64_t count = std::min(s_.tiles_w - column, last - t);
      visit(TileRun{row / s_.tiles_h, row % s_.tiles_h, column, count}, t - first);
      t += count;
    }
  }

  void transform_source(const TileRun& run, int64_t at) {
    const int side = winograd_points(s_.m);
    const WinogradImages& x = s_.source;
    const int64_t top = run.row * s_.m - s_.padding[0], left = run.first * s_.m - s_.padding[1];
    const int64_t begin = std::max<int64_t>(0, left), end = std::min(x.width, left + run.count * s_.m + 2);
    const float* image = source_ + run.image * x.size();
    if (!x.channels_last) lay_out_rows(image, top, begin, end);
    const float* pixels[kMostWinogradPoints];
    for (int64_t t = 0; t < run.count; ++t) {
      for (int i = 0; i < side; ++i)
        for (int j = 0; j < side; ++j) {
          const int64_t h = top + i, w = left + t * s_.m + j;
          const bool inside = h >= 0 && h < x.height && w >= 0 && w < x.width;
          pixels[i * side + j] = !inside           ? zeros_
                                 : x.channels_last ? image + (h * x.width + w) * x.channels
                                                   : rows_ + (i * (end - begin) + w - begin) * s_.v_row;
        }
      winograd_loops().input[s_.kind()]({pixels, x.channels, v_ + (at + t) * s_.v_row, s_.v_plane});
    }
  }

  /// The rows that a row of tiles reads, columns [begin, end), channels-last.
  void lay_out_rows(const float* image, int64_t top, int64_t begin, int64_t end) {
    const WinogradImages& x = s_.source;
    for (int i = 0; i < winograd_points(s_.m); ++i) {
      const int64_t h = top + i;
      if (h < 0 || h >= x.height || begin >= end) continue;
      winograd_loops().transpose(image + h * x.width + begin, x.height * x.width, x.channels, end - begin,
                                 rows_ + i * (end - begin) * s_.v_row, s_.v_row);
    }
  }

  void transform_sums(const TileRun& run, int64_t at) {
    const WinogradImages& y = s_.target;
    const int64_t top = run.row * s_.m, left = run.first * s_.m;
    const int64_t height = std::min<int64_t>(s_.m, y.height - top);
    const int64_t width = std::min(run.count * s_.m, y.width - left);
    float* image = args_.outputs[0].as<float>() + run.image * y.size();
    const float* z = z_ ? z_ + run.image * y.size() : nullptr;
    for (int64_t t = 0; t < run.count; ++t) {
      float* pixels[kMostWinogradPoints] = {};
      const float* added[kMostWinogradPoints] = {};
      for (int64_t i = 0; i < height; ++i)
        for (int64_t j = 0; j < s_.m && t * s_.m + j < width; ++j) {
          const int64_t pixel = (top + i) * y.width + left + t * s_.m + j;
          pixels[i * s_.m + j] =
              y.channels_last ? image + pixel * y.channels : rows_ + (i * width + t * s_.m + j) * s_.m_row;
          if (z) added[i * s_.m + j] = z + pixel * y.channels;
        }
      write_tile(m_ + (at + t) * s_.m_row, pixels, z ? added : nullptr);
    }
    if (y.channels_last) return;
    for (int64_t i = 0; i < height; ++i)
      winograd_loops().transpose(rows_ + i * width * s_.m_row, s_.m_row, width, y.channels,
                                 image + (top + i) * y.width + left, y.height * y.width);
  }

  void write_tile(const float* from, float* const* pixels, const float* const* z) const {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const bool rectifies = s_.activation == Activation::kRelu || s_.activation == Activation::kRelu6;
    winograd_loops().output[s_.kind()]({from, s_.m_plane, s_.target.channels, bias_, z, pixels,
                                        rectifies ? 0 : -kInfinity,
                                        s_.activation == Activation::kRelu6 ? 6 : kInfinity});
    if (rectifies || s_.activation == Activation::kIdentity) return;
    for (int i = 0; i < s_.m * s_.m; ++i)
      if (pixels[i]) activate(s_.activation, pixels[i], s_.target.channels);
  }

  const WinogradBlocks& s_;
  const KernelArgs& args_;
  const float *source_, *u_, *bias_ = nullptr, *z_ = nullptr;
  float *zeros_, *v_, *m_, *rows_;
};

}  // namespace

void run_winograd(const KernelArgs& args, const TensorView& source, const TensorView& weight) {
  const WinogradBlocks& s = args.state_as<WinogradBlocks>();
  auto* scratch = static_cast<float*>(args.workspace);
  const float* u = weight.as<float>();
  if (!s.packed) {
    transform_weight(s, weight.as<float>(), scratch);
    u = scratch;
    scratch += s.weight_elements;
  }
  parallel_for(0, s.pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      Piece piece(s, args, source.as<float>(), u, scratch + p * s.piece_elements);
      for (int64_t b = p * s.blocks / s.pieces; b < (p + 1) * s.blocks / s.pieces; ++b) {
        if (args.context.is_cancelled()) return;
        piece.run_block(b * s.tiles() / s.blocks, (b + 1) * s.tiles() / s.blocks);
      }
    }
  });
}

}  // namespace miai::kernels
