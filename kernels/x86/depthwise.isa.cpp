#include "kernels/x86/depthwise.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;
constexpr int kMostColumns = 7;  // at a time, each with a sum in a register; images often have a multiple

/// All lanes, or the first `count` of them.
template <bool All>
MIAI_INLINE Floats load_lanes(const float* p, int count) {
  if constexpr (All) return load(p);
  return load_some(p, count);
}
template <bool All>
MIAI_INLINE void store_lanes(float* p, Floats v, int count) {
  if constexpr (All) return store(p, v);
  store_some(p, v, count);
}

/// One row of outputs, of which the first or the last may not see the run's first or last pixel.
struct Row {
  const float *source, *weight;
  bool clips_first, clips_last;
};

/// The taps of a run: each vector of the source is read once and goes to all outputs that see it. `Stride` 0:
/// any, and one tap.
template <int Columns, int Taps, int Stride, bool All>
MIAI_INLINE void add_run(const DepthwiseSums& s, const DepthwiseTaps& run, const Row& row, int lanes,
                         Floats* sums) {
  Floats w[Taps];
  for (int t = 0; t < Taps; ++t)
    w[t] = load_lanes<All>(row.weight + (run.index + t * run.index_step) * s.channels, lanes);
  const float* p = row.source + run.pixels * s.channels;
  if constexpr (Taps == 1) {
    for (int k = 0; k < Columns; ++k)
      sums[k] = madd(load_lanes<All>(p + k * s.source_column, lanes), w[0], sums[k]);
  } else {
    constexpr int kLast = (Columns - 1) * Stride + Taps - 1;
#pragma GCC unroll 32
    for (int x = 0; x <= kLast; ++x, p += s.channels) {
      if ((x == 0 && row.clips_first) || (x == kLast && row.clips_last)) continue;
      const Floats v = in_register(load_lanes<All>(p, lanes));
#pragma GCC unroll 8
      for (int k = 0; k < Columns; ++k)
        if (const int t = x - k * Stride; t >= 0 && t < Taps) sums[k] = madd(v, w[t], sums[k]);
    }
  }
}

/// Columns [j, j + Columns) of row i, channels [c, c + lanes).
template <int Columns, int Stride, bool All>
MIAI_INLINE void sum_columns(const DepthwiseSums& s, int64_t i, int64_t j, int64_t c, int lanes) {
  const int64_t at = i * s.y_row + j * s.y_column + c;
  const Row row{s.source + i * s.source_row + j * s.source_column + c, s.weight + c, s.clips_first && j == 0,
                s.clips_last && j + Columns == s.columns};
  const Floats bias = s.bias ? load_lanes<All>(s.bias + c, lanes) : Floats{};
  Floats sums[Columns];
  for (int k = 0; k < Columns; ++k) sums[k] = bias;
  if (s.z)
    for (int k = 0; k < Columns; ++k) sums[k] += load_lanes<All>(s.z + at + k * s.y_column, lanes);
  for (int r = 0; r < s.runs; ++r) {
    const DepthwiseTaps& run = s.taps[r];
    if constexpr (Stride != 0) {
      if (run.count == 3) {
        add_run<Columns, 3, Stride, All>(s, run, row, lanes, sums);
      } else if (run.count == 2) {
        add_run<Columns, 2, Stride, All>(s, run, row, lanes, sums);
      } else {
        add_run<Columns, 1, Stride, All>(s, run, row, lanes, sums);
      }
    } else {
      for (int t = 0; t < run.count; ++t)
        add_run<Columns, 1, 0, All>(s, {run.pixels + t, run.index + t * run.index_step, 0, 1}, row, lanes,
                                    sums);
    }
  }
  const Floats least = splat(s.least), most = splat(s.most);
  for (int k = 0; k < Columns; ++k) {
    Floats y = sums[k];
    y = y < least ? least : y;  // NaN stays
    y = y > most ? most : y;
    store_lanes<All>(s.y + at + k * s.y_column, y, lanes);
  }
}

/// Columns from j on, as many at a time, then fewer.
template <int Columns, int Stride>
MIAI_INLINE void sum_row(const DepthwiseSums& s, int64_t i, int64_t j) {
  for (; j + Columns <= s.columns; j += Columns) {
    int64_t c = 0;
    for (; c + kWide <= s.channels; c += kWide) sum_columns<Columns, Stride, true>(s, i, j, c, kWide);
    if (c < s.channels) sum_columns<Columns, Stride, false>(s, i, j, c, static_cast<int>(s.channels - c));
  }
  if constexpr (Columns > 1) sum_row<(Columns + 1) / 2, Stride>(s, i, j);
}

template <int Stride>
MIAI_INLINE void sum_rows(const DepthwiseSums& s) {
  for (int64_t i = 0; i < s.rows; ++i) sum_row<kMostColumns, Stride>(s, i, 0);
}

void sums(const DepthwiseSums& given) {
  const DepthwiseSums s = given;  // no store can be to it
  if (s.source_column == s.channels) return sum_rows<1>(s);
  if (s.source_column == 2 * s.channels) return sum_rows<2>(s);
  sum_rows<0>(s);
}

/// The products of the taps of `Runs` runs of `Taps`.
template <int Runs, int Taps, bool All>
MIAI_INLINE void sum_taps(const DepthwiseWeightSums& s, const DepthwiseTaps* runs, int64_t c, int lanes) {
  Floats sums[Runs][Taps] = {};
  int64_t pixels[Runs];
  for (int r = 0; r < Runs; ++r) pixels[r] = runs[r].pixels * s.pixel;
  for (int64_t i = 0; i < s.rows; ++i) {
    const float *x = s.x + i * s.x_row + c, *dy = s.dy + i * s.dy_row + c;
    for (int64_t j = 0; j < s.columns; ++j, x += s.x_column, dy += s.pixel) {
      const Floats g = load_lanes<All>(dy, lanes);
      for (int r = 0; r < Runs; ++r)
        for (int t = 0; t < Taps; ++t)
          sums[r][t] = madd(load_lanes<All>(x + pixels[r] + t * s.pixel, lanes), g, sums[r][t]);
    }
  }
  for (int r = 0; r < Runs; ++r)
    for (int t = 0; t < Taps; ++t) {
      float* to = s.sums + (runs[r].index + t * runs[r].index_step) * s.pixel + c;
      store_lanes<All>(to, load_lanes<All>(to, lanes) + sums[r][t], lanes);
    }
}

template <bool All>
MIAI_INLINE void sum_weight_channels(const DepthwiseWeightSums& s, int64_t c, int lanes) {
  for (const DepthwiseTaps *run = s.taps, *end = run + s.runs; run < end;) {
    const bool three = end - run >= 3 && run[0].count == 3 && run[1].count == 3 && run[2].count == 3;
    if (three) {
      sum_taps<3, 3, All>(s, run, c, lanes);
    } else if (run->count == 3) {
      sum_taps<1, 3, All>(s, run, c, lanes);
    } else if (run->count == 2) {
      sum_taps<1, 2, All>(s, run, c, lanes);
    } else {
      sum_taps<1, 1, All>(s, run, c, lanes);
    }
    run += three ? 3 : 1;
  }
}

void weight_sums(const DepthwiseWeightSums& given) {
  const DepthwiseWeightSums s = given;  // no store can be to it
  int64_t c = 0;
  for (; c + kWide <= s.channels; c += kWide) sum_weight_channels<true>(s, c, kWide);
  if (c < s.channels) sum_weight_channels<false>(s, c, static_cast<int>(s.channels - c));
}

}  // namespace

extern const DepthwiseLoops depthwise_loops;
const DepthwiseLoops depthwise_loops = {sums, weight_sums};

}  // namespace miai::kernels::MIAI_ISA
