#include "kernels/x86/winograd_weight_gradient.h"

#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/sum_parts.h"

namespace miai::kernels {
namespace {

constexpr int64_t kTaps = 9;

}  // namespace

int64_t WinogradWeightGradient::weight_elements() const {
  return source.images.channels * gradient.images.channels * kTaps;
}

void WinogradWeightGradient::finish() {
  constexpr int64_t kMostTiles = 64,
                    kLeastTiles = 32;  // of a round: the error of a sum grows with its length
  constexpr int64_t kRoundBytes = 2 << 20, kSumBytes = 2 << 20;  // of a chunk's sums, that stay in the cache
  const int64_t lanes = winograd_loops().lanes, channels = source.images.channels;
  const int64_t point_bytes = tiles.points() * int64_t{sizeof(float)};
  vectors = divide_up(gradient.images.channels, lanes), u_row = vectors * lanes;
  parts = parts_of_sum(divide_up(tiles.count(), kMostTiles), weight_elements() * int64_t{sizeof(float)});
  m_row = tile_row_elements(gradient.images.channels);
  const int64_t most_chunks = std::max<int64_t>(1, channels / winograd_loops().rows);
  chunks = std::clamp<int64_t>(divide_up(channels * u_row * point_bytes, kSumBytes), 1, most_chunks);
  // By the chunks that the caches need, not those that the threads do: it is the order of the sums.
  round = kRoundBytes / ((tile_row_elements(divide_up(channels, chunks)) + m_row) * point_bytes);
  round = std::min(std::clamp(round, kLeastTiles, kMostTiles), divide_up(tiles.count(), parts));
  chunks = std::clamp(divide_up(int64_t{thread_count()}, parts), chunks, most_chunks);
  slots = std::min<int64_t>(thread_count(), parts * chunks);
  const int64_t chunk = divide_up(channels, chunks);
  v_row = tile_row_elements(chunk);
  // One vector more: the same place in every plane would fall into the same set of a cache.
  u_plane = chunk * u_row + lanes, v_plane = round * v_row + lanes, m_plane = round * m_row + lanes;
  slot_elements = tiles.points() * (u_plane + v_plane + m_plane) + std::max(v_row, m_row) +
                  std::max(WindowReader::row_elements(tiles, source, v_row),
                           WindowReader::row_elements(tiles, gradient, m_row));
}

namespace {

/// What a thread works with.
class Slot {
 public:
  Slot(const KernelArgs& args, const WinogradWeightGradient& state, float* scratch)
      : s_(state),
        args_(args),
        u_(scratch),
        v_(u_ + s_.tiles.points() * s_.u_plane),
        m_(v_ + s_.tiles.points() * s_.v_plane),
        zeros_(m_ + s_.tiles.points() * s_.m_plane),
        rows_(zeros_ + std::max(s_.v_row, s_.m_row)) {
    std::fill(zeros_, rows_, 0.0f);
  }

  /// The part's sums of channels [first, last) of the source go to `weight`.
  void run(int64_t part, int64_t first, int64_t last, float* weight) {
    const int64_t begin = part * s_.tiles.count() / s_.parts, end = (part + 1) * s_.tiles.count() / s_.parts;
    for (int64_t t = begin; t < end && !args_.context.is_cancelled(); t += s_.round) {
      const int64_t last_tile = std::min(t + s_.round, end);
      read_source(t, last_tile, first, last - first);
      if (t != gradient_at_) read_gradient(t, last_tile);
      multiply(last_tile - t, last - first, t > begin);
    }
    write_taps(first, last, weight);
  }

 private:
  void read_source(int64_t first, int64_t last, int64_t first_channel, int64_t channels) {
    WindowReader(s_.tiles, s_.source, args_.inputs[0].as<float>(), first_channel, channels, s_.v_row, zeros_,
                 rows_)
        .read(first, last, v_, s_.v_plane);
  }

  void read_gradient(int64_t first, int64_t last) {
    WindowReader(s_.tiles, s_.gradient, args_.inputs[1].as<float>(), 0, s_.gradient.images.channels, s_.m_row,
                 zeros_, rows_)
        .read(first, last, m_, s_.m_plane);
    gradient_at_ = first;
  }

  void multiply(int64_t tiles, int64_t channels, bool adds) {
    for (int64_t i = 0; i < s_.tiles.points(); ++i)
      winograd_loops().multiply_over_tiles({v_ + i * s_.v_plane, s_.v_row, m_ + i * s_.m_plane, s_.m_row,
                                            u_ + i * s_.u_plane, s_.u_row, tiles, channels, s_.vectors,
                                            adds});
  }

  void write_taps(int64_t first, int64_t last, float* weight) {
    const int64_t lanes = winograd_loops().lanes, out = s_.source.images.channels * kTaps;
    for (int64_t c = first; c < last; ++c)
      for (int64_t j = 0; j < s_.vectors; ++j)
        winograd_loops().taps[s_.tiles.kind()](
            {u_ + (c - first) * s_.u_row + j * lanes, s_.u_plane,
             static_cast<int>(std::min(lanes, s_.gradient.images.channels - j * lanes)),
             weight + j * lanes * out + c * kTaps, out});
  }

  const WinogradWeightGradient& s_;
  const KernelArgs& args_;
  float *u_, *v_, *m_, *zeros_, *rows_;
  int64_t gradient_at_ = -1;  // the tile whose points m_ begins with
};

}  // namespace

void run_winograd_weight_gradient(const KernelArgs& args) {
  const auto& s = args.state_as<WinogradWeightGradient>();
  float *weight = args.outputs[0].as<float>(), *scratch = static_cast<float*>(args.workspace);
  float* sums = scratch + s.slots * s.slot_elements;  // of all parts but the first
  const int64_t tasks = s.parts * s.chunks, channels = s.source.images.channels;
  parallel_for(0, s.slots, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Slot slot(args, s, scratch + i * s.slot_elements);
      for (int64_t task = i * tasks / s.slots; task < (i + 1) * tasks / s.slots; ++task) {
        const int64_t part = task / s.chunks, chunk = task % s.chunks;
        slot.run(part, chunk * channels / s.chunks, (chunk + 1) * channels / s.chunks,
                 part == 0 ? weight : sums + (part - 1) * s.weight_elements());
      }
    }
  });
  add_parts(sums, s.parts - 1, s.weight_elements(), weight);
}

}  // namespace miai::kernels
