#include "kernels/x86/winograd_blocks.h"

#include <algorithm>
#include <limits>

#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/transpose.h"

namespace miai::kernels {

namespace {

void choose_blocks(WinogradBlocks& s) {
  constexpr int64_t kBytes = 512 * 1024, kLeast = 14;  // of a block's points: the second-level cache; tiles
  const int64_t tile_bytes = s.tiles.points() * (s.v_row + s.m_row) * int64_t{sizeof(float)};
  const int64_t threads = std::min<int64_t>(thread_count(), s.tiles.count());
  if (threads == 0) return;
  const int64_t most = std::max(kLeast, kBytes / tile_bytes);
  s.blocks = std::min(round_up(divide_up(s.tiles.count(), most), threads), s.tiles.count());
  s.pieces = std::min(threads, s.blocks);
}

}  // namespace

void WinogradBlocks::finish() {
  const int64_t lanes = winograd_loops().lanes;
  vectors = divide_up(target.channels, lanes);
  v_row = tile_row_elements(source.images.channels), m_row = tile_row_elements(target.channels);
  choose_blocks(*this);
  // One vector more: the same place in every plane would fall into the same set of a cache.
  const int64_t tiles_of_block = blocks ? divide_up(tiles.count(), blocks) : 0;
  u_plane = source.images.channels * vectors * lanes + lanes;
  v_plane = tiles_of_block * v_row + lanes, m_plane = tiles_of_block * m_row + lanes;
  weight_elements = tiles.points() * u_plane;
  const int64_t target_rows = target.channels_last ? 0 : tiles.columns * tiles.m * tiles.m * m_row;
  piece_elements = v_row + tiles.points() * (v_plane + m_plane) +
                   std::max(WindowReader::row_elements(tiles, source, v_row), target_rows);
}

void transform_weight(const WinogradBlocks& s, const float* weight, float* packed) {
  const int lanes = winograd_loops().lanes;
  const int64_t channels = s.source.images.channels;
  parallel_for(0, s.vectors, 1, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      const int64_t panel = j / 2 * 2, width = std::min<int64_t>(2, s.vectors - panel) * lanes;
      float* to = packed + panel * lanes * channels + (j - panel) * lanes;
      for (int64_t c = 0; c < channels; ++c)
        winograd_loops().weight[s.tiles.kind()](
            {weight + j * lanes * s.weight_out + c * s.weight_channel, s.weight_out, s.flipped,
             static_cast<int>(std::min<int64_t>(lanes, s.target.channels - j * lanes)), to + c * width,
             s.u_plane});
    }
  });
}

namespace {

/// What a thread works with.
class Piece {
 public:
  Piece(const WinogradBlocks& state, const KernelArgs& args, const float* source, const float* u,
        float* scratch)
      : s_(state),
        args_(args),
        u_(u),
        v_(scratch + s_.v_row),  // after zeros
        m_(v_ + s_.tiles.points() * s_.v_plane),
        rows_(m_ + s_.tiles.points() * s_.m_plane),
        source_(s_.tiles, s_.source, source, 0, s_.source.images.channels, s_.v_row, scratch, rows_) {
    std::fill_n(scratch, s_.v_row, 0.0f);
    auto has = [&](size_t i) { return i < args.inputs.size() && args.inputs[i].present; };
    if (args.inputs.size() > 2) {
      if (has(2)) bias_ = args.inputs[2].as<float>();
      if (has(3)) z_ = args.inputs[3].as<float>();
    }
  }

  void run_block(int64_t first, int64_t last) {
    source_.read(first, last, v_, s_.v_plane);
    for (int i = 0; i < s_.tiles.points(); ++i)
      winograd_loops().multiply({v_ + i * s_.v_plane, s_.v_row, u_ + i * s_.u_plane, m_ + i * s_.m_plane,
                                 s_.m_row, last - first, s_.source.images.channels, s_.vectors});
    s_.tiles.for_each_run(first, last, [&](const TileRun& run, int64_t at) { transform_sums(run, at); });
  }

 private:
  void transform_sums(const TileRun& run, int64_t at) {
    const WinogradImages& y = s_.target;
    const int m = s_.tiles.m;
    const int64_t top = run.row * m, left = run.first * m;
    const int64_t height = std::min<int64_t>(m, y.height - top);
    const int64_t width = std::min(run.count * m, y.width - left);
    float* image = args_.outputs[0].as<float>() + run.image * y.size();
    const float* z = z_ ? z_ + run.image * y.size() : nullptr;
    for (int64_t t = 0; t < run.count; ++t) {
      float* pixels[kMostWinogradPoints] = {};
      const float* added[kMostWinogradPoints] = {};
      for (int64_t i = 0; i < height; ++i)
        for (int64_t j = 0; j < m && t * m + j < width; ++j) {
          const int64_t pixel = (top + i) * y.width + left + t * m + j;
          pixels[i * m + j] =
              y.channels_last ? image + pixel * y.channels : rows_ + (i * width + t * m + j) * s_.m_row;
          if (z) added[i * m + j] = z + pixel * y.channels;
        }
      write_tile(m_ + (at + t) * s_.m_row, pixels, z ? added : nullptr);
    }
    if (y.channels_last) return;
    for (int64_t i = 0; i < height; ++i)
      transpose_function()(rows_ + i * width * s_.m_row, s_.m_row, width, y.channels,
                           image + (top + i) * y.width + left, y.height * y.width);
  }

  void write_tile(const float* from, float* const* pixels, const float* const* z) const {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const bool rectifies = s_.activation == Activation::kRelu || s_.activation == Activation::kRelu6;
    winograd_loops().output[s_.tiles.kind()]({from, s_.m_plane, s_.target.channels, bias_, z, pixels,
                                              rectifies ? 0 : -kInfinity,
                                              s_.activation == Activation::kRelu6 ? 6 : kInfinity});
    if (rectifies || s_.activation == Activation::kIdentity) return;
    for (int i = 0; i < s_.tiles.m * s_.tiles.m; ++i)
      if (pixels[i]) activate(s_.activation, pixels[i], s_.target.channels);
  }

  const WinogradBlocks& s_;
  const KernelArgs& args_;
  const float *u_, *bias_ = nullptr, *z_ = nullptr;
  float *v_, *m_, *rows_;
  WindowReader source_;
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
        piece.run_block(b * s.tiles.count() / s.blocks, (b + 1) * s.tiles.count() / s.blocks);
      }
    }
  });
}

}  // namespace miai::kernels
