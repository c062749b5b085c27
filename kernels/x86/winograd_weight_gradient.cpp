#include "kernels/x86/winograd_weight_gradient.h"

#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"

namespace miai::kernels {

// None of the sizes depends on the number of threads: each sum has the same order for all.
void WinogradWeightGradient::finish() {
  constexpr int64_t kWeightBytes = 4 << 20, kRoundBytes = 4 << 20, kLeastTiles = 64;
  const int64_t lanes = winograd_loops().lanes, channels = source.images.channels;
  const int64_t point_bytes = tiles.points() * int64_t{sizeof(float)};
  vectors = divide_up(gradient.images.channels, lanes), u_row = vectors * lanes;
  chunks = std::clamp<int64_t>(divide_up(channels * u_row * point_bytes, kWeightBytes), 1,
                               std::max<int64_t>(channels, 1));
  chunk = divide_up(channels, chunks);
  v_row = tile_row_elements(chunk), m_row = tile_row_elements(gradient.images.channels);
  const int64_t most = std::max(kLeastTiles, kRoundBytes / ((v_row + m_row) * point_bytes));
  rounds = std::max<int64_t>(1, divide_up(tiles.count(), most));
  const int64_t tiles_of_round = divide_up(tiles.count(), rounds);
  // One vector more: the same place in every plane would fall into the same set of a cache.
  u_plane = chunk * u_row + lanes, v_plane = tiles_of_round * v_row + lanes;
  m_plane = tiles_of_round * m_row + lanes;
  pieces = std::min<int64_t>(thread_count(), tiles_of_round);
  piece_elements = std::max(v_row, m_row) + std::max(WindowReader::row_elements(tiles, source, v_row),
                                                     WindowReader::row_elements(tiles, gradient, m_row));
}

namespace {

class Run {
 public:
  explicit Run(const KernelArgs& args)
      : s_(args.state_as<WinogradWeightGradient>()),
        args_(args),
        u_(static_cast<float*>(args.workspace)),
        v_(u_ + s_.tiles.points() * s_.u_plane),
        m_(v_ + s_.tiles.points() * s_.v_plane),
        pieces_(m_ + s_.tiles.points() * s_.m_plane) {}

  void run() {
    const int64_t channels = s_.source.images.channels;
    for (int64_t i = 0; i < s_.chunks; ++i) {
      first_channel_ = i * channels / s_.chunks;
      channels_ = (i + 1) * channels / s_.chunks - first_channel_;
      for (int64_t r = 0; r < s_.rounds; ++r) {
        if (args_.context.is_cancelled()) return;
        first_tile_ = r * s_.tiles.count() / s_.rounds;
        tiles_ = (r + 1) * s_.tiles.count() / s_.rounds - first_tile_;
        read_tiles(i == 0 || s_.rounds > 1);
        multiply(r > 0);
      }
      write_taps();
    }
  }

 private:
  void read_tiles(bool reads_gradient) {
    parallel_for(0, s_.pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t first = p * tiles_ / s_.pieces, last = (p + 1) * tiles_ / s_.pieces;
        float *zeros = pieces_ + p * s_.piece_elements, *rows = zeros + std::max(s_.v_row, s_.m_row);
        std::fill(zeros, rows, 0.0f);
        WindowReader(s_.tiles, s_.source, args_.inputs[0].as<float>(), first_channel_, channels_, s_.v_row,
                     zeros, rows)
            .read(first_tile_ + first, first_tile_ + last, v_ + first * s_.v_row, s_.v_plane);
        if (reads_gradient)
          WindowReader(s_.tiles, s_.gradient, args_.inputs[1].as<float>(), 0, s_.gradient.images.channels,
                       s_.m_row, zeros, rows)
              .read(first_tile_ + first, first_tile_ + last, m_ + first * s_.m_row, s_.m_plane);
      }
    });
  }

  void multiply(bool adds) {
    const int64_t rows = 2 * winograd_loops().rows, parts = divide_up(channels_, rows);
    parallel_for(0, s_.tiles.points() * parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        multiply_rows(i / parts, i % parts * channels_ / parts, (i % parts + 1) * channels_ / parts, adds);
    });
  }

  /// Some rows of a point. Sums of sums of a few tiles: the error of one long sum would grow with its length.
  void multiply_rows(int64_t point, int64_t first, int64_t last, bool adds) {
    constexpr int64_t kTiles = 64;
    for (int64_t t = 0; t < tiles_; t += kTiles)
      winograd_loops().multiply_over_tiles(
          {v_ + point * s_.v_plane + t * s_.v_row + first, s_.v_row, m_ + point * s_.m_plane + t * s_.m_row,
           s_.m_row, u_ + point * s_.u_plane + first * s_.u_row, s_.u_row, std::min(kTiles, tiles_ - t),
           last - first, s_.vectors, adds || t > 0});
  }

  void write_taps() {
    constexpr int64_t kTaps = 9;
    const int64_t lanes = winograd_loops().lanes, out = s_.source.images.channels * kTaps;
    parallel_for(0, channels_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c)
        for (int64_t j = 0; j < s_.vectors; ++j)
          winograd_loops().taps[s_.tiles.kind()](
              {u_ + c * s_.u_row + j * lanes, s_.u_plane,
               static_cast<int>(std::min(lanes, s_.gradient.images.channels - j * lanes)),
               args_.outputs[0].as<float>() + j * lanes * out + (first_channel_ + c) * kTaps, out});
    });
  }

  const WinogradWeightGradient& s_;
  const KernelArgs& args_;
  float *u_, *v_, *m_, *pieces_;
  int64_t first_channel_ = 0, channels_ = 0, first_tile_ = 0, tiles_ = 0;  // of the chunk and the round
};

}  // namespace

void run_winograd_weight_gradient(const KernelArgs& args) { Run(args).run(); }

}  // namespace miai::kernels
