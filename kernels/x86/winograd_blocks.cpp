#include "kernels/x86/winograd_blocks.h"

#include <algorithm>

#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"

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
  piece_elements = v_row + tiles.points() * (v_plane + m_plane) +
                   std::max(WindowReader::row_elements(tiles, source, v_row),
                            WindowWriter::row_elements(tiles, target, m_row));
}

namespace {

constexpr int64_t kTaps = 9;

/// The taps of one channel of the source and some of the target as float32.
void convert_taps(const WinogradWeight& part, const BFloat16* weight, float* taps) {
  for (int64_t i = 0; i < part.count; ++i)
    for (int64_t k = 0; k < kTaps; ++k) taps[i * kTaps + k] = static_cast<float>(weight[i * part.out + k]);
}

}  // namespace

void pack_winograd(const WinogradBlocks& s, const TensorView& weight, float* packed) {
  constexpr int kMostLanes = 16;
  const int lanes = winograd_loops().lanes;
  const int64_t channels = s.source.images.channels;
  parallel_for(0, s.vectors, 1, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      const int64_t panel = j / 2 * 2, width = std::min<int64_t>(2, s.vectors - panel) * lanes;
      float* to = packed + panel * lanes * channels + (j - panel) * lanes;
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t first = j * lanes * s.weight_out + c * s.weight_channel;
        const auto count = static_cast<int>(std::min<int64_t>(lanes, s.target.channels - j * lanes));
        WinogradWeight part{nullptr, s.weight_out, s.flipped, count, to + c * width, s.u_plane};
        float taps[kMostLanes * kTaps];
        if (weight.dtype == DType::kFloat32) {
          part.weight = weight.as<float>() + first;
        } else {
          convert_taps(part, weight.as<BFloat16>() + first, taps);
          part.weight = taps, part.out = kTaps;
        }
        winograd_loops().weight[s.tiles.kind()](part);
      }
    }
  });
}

namespace {

/// What a thread works with.
class Piece {
 public:
  Piece(const WinogradBlocks& state, const void* source, const float* u, const WinogradTarget& target,
        float* scratch)
      : s_(state),
        u_(u),
        v_(scratch + s_.v_row),  // after zeros
        m_(v_ + s_.tiles.points() * s_.v_plane),
        rows_(m_ + s_.tiles.points() * s_.m_plane),
        source_(s_.tiles, s_.source, source, 0, s_.source.images.channels, s_.v_row, scratch, rows_),
        target_(s_.tiles, target, s_.laid_out_pixel(), rows_) {
    std::fill_n(scratch, s_.v_row, 0.0f);
  }

  void run_block(int64_t first, int64_t last) const {
    source_.read(first, last, v_, s_.v_plane);
    for (int i = 0; i < s_.tiles.points(); ++i)
      winograd_loops().multiply({v_ + i * s_.v_plane, s_.v_row, u_ + i * s_.u_plane, m_ + i * s_.m_plane,
                                 s_.m_row, last - first, s_.source.images.channels, s_.vectors});
    target_.write(first, last, 0, s_.target.channels, m_, s_.m_row, s_.m_plane);
  }

 private:
  const WinogradBlocks& s_;
  const float* u_;
  float *v_, *m_, *rows_;
  WindowReader source_;
  WindowWriter target_;
};

}  // namespace

void run_winograd(const WinogradBlocks& s, const KernelArgs& args, const TensorView& source,
                  const TensorView& weight) {
  auto* scratch = static_cast<float*>(args.workspace);
  const float* u = weight.as<float>();
  const WinogradTarget target = winograd_target(s, args, scratch);
  scratch += s.bias_elements();
  if (!s.packed) {
    pack_winograd(s, weight, scratch);
    u = scratch;
    scratch += s.weight_elements;
  }
  parallel_for(0, s.pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      Piece piece(s, source.data, u, target, scratch + p * s.piece_elements);
      for (int64_t b = p * s.blocks / s.pieces; b < (p + 1) * s.blocks / s.pieces; ++b) {
        if (args.context.is_cancelled()) return;
        piece.run_block(b * s.tiles.count() / s.blocks, (b + 1) * s.tiles.count() / s.blocks);
      }
    }
  });
}

}  // namespace miai::kernels
