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
  const int64_t target_rows = target.in_place() ? 0 : tiles.columns * tiles.m * tiles.m * m_row;
  if (target.dtype != DType::kFloat32) bias_elements = vectors * lanes;
  piece_elements = v_row + tiles.points() * (v_plane + m_plane) +
                   std::max(WindowReader::row_elements(tiles, source, v_row), target_rows);
}

namespace {

constexpr int64_t kTaps = 9;

/// The taps of one channel of the source and some of the target as float32.
void convert_taps(const WinogradWeight& part, const BFloat16* weight, float* taps) {
  for (int64_t i = 0; i < part.count; ++i)
    for (int64_t k = 0; k < kTaps; ++k) taps[i * kTaps + k] = static_cast<float>(weight[i * part.out + k]);
}

}  // namespace

void transform_weight(const WinogradBlocks& s, const TensorView& weight, float* packed) {
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
  Piece(const WinogradBlocks& state, const KernelArgs& args, const void* source, const float* u,
        const float* bias, float* scratch)
      : s_(state),
        args_(args),
        u_(u),
        bias_(bias),
        v_(scratch + s_.v_row),  // after zeros
        m_(v_ + s_.tiles.points() * s_.v_plane),
        rows_(m_ + s_.tiles.points() * s_.m_plane),
        source_(s_.tiles, s_.source, source, 0, s_.source.images.channels, s_.v_row, scratch, rows_) {
    std::fill_n(scratch, s_.v_row, 0.0f);
    if (args.inputs.size() > 3 && args.inputs[3].present) z_ = args.inputs[3].as<float>();
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
    const int64_t image = run.image * y.size();
    float* in_place = y.in_place() ? args_.outputs[0].as<float>() + image : nullptr;
    const float* z = z_ ? z_ + image : nullptr;
    for (int64_t t = 0; t < run.count; ++t) {
      float* pixels[kMostWinogradPoints] = {};
      const float* added[kMostWinogradPoints] = {};
      for (int64_t i = 0; i < height; ++i)
        for (int64_t j = 0; j < m && t * m + j < width; ++j) {
          const int64_t pixel = (top + i) * y.width + left + t * m + j;
          pixels[i * m + j] =
              in_place ? in_place + pixel * y.channels : rows_ + (i * width + t * m + j) * laid_out_pixel();
          if (z) added[i * m + j] = z + pixel * y.channels;
        }
      write_tile(m_ + (at + t) * s_.m_row, pixels, z ? added : nullptr);
    }
    if (in_place) return;
    for (int64_t i = 0; i < height; ++i)
      write_row(rows_ + i * width * laid_out_pixel(), width, image, (top + i) * y.width + left);
  }

  int64_t laid_out_pixel() const { return s_.target.channels_last ? s_.target.channels : s_.m_row; }

  /// From a row that was laid out to that many pixels of the target from `pixel` on.
  void write_row(const float* row, int64_t pixels, int64_t image, int64_t pixel) const {
    const WinogradImages& y = s_.target;
    if (y.channels_last)
      convert(row, pixels * y.channels, args_.outputs[0].as<BFloat16>() + image + pixel * y.channels);
    else
      transpose_function()(row, s_.m_row, pixels, y.channels, args_.outputs[0].as<float>() + image + pixel,
                           y.height * y.width);
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
  const float *u_, *bias_, *z_ = nullptr;
  float *v_, *m_, *rows_;
  WindowReader source_;
};

}  // namespace

namespace {

/// Null: none.
const float* bias_of(const KernelArgs& args, float* converted) {
  if (args.inputs.size() < 3 || !args.inputs[2].present) return nullptr;
  const TensorView& bias = args.inputs[2];
  if (bias.dtype == DType::kFloat32) return bias.as<float>();
  convert(bias.as<BFloat16>(), bias.size(), converted);
  return converted;
}

}  // namespace

void run_winograd(const KernelArgs& args, const TensorView& source, const TensorView& weight) {
  const WinogradBlocks& s = args.state_as<WinogradBlocks>();
  auto* scratch = static_cast<float*>(args.workspace);
  const float *u = weight.as<float>(), *bias = bias_of(args, scratch);
  scratch += s.bias_elements;
  if (!s.packed) {
    transform_weight(s, weight, scratch);
    u = scratch;
    scratch += s.weight_elements;
  }
  parallel_for(0, s.pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      Piece piece(s, args, source.data, u, bias, scratch + p * s.piece_elements);
      for (int64_t b = p * s.blocks / s.pieces; b < (p + 1) * s.blocks / s.pieces; ++b) {
        if (args.context.is_cancelled()) return;
        piece.run_block(b * s.tiles.count() / s.blocks, (b + 1) * s.tiles.count() / s.blocks);
      }
    }
  });
}

}  // namespace miai::kernels
