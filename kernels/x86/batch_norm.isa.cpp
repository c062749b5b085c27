#include "kernels/x86/batch_norm.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;
constexpr int64_t kBlock = 1024;  // elements that are summed in float before they go to double

/// Calls visit(run, begin, end) for blocks of runs.
template <class F>
MIAI_INLINE void for_each_block(ChannelRuns runs, F&& visit) {
  for (int64_t r = 0; r < runs.runs; ++r)
    for (int64_t i = 0; i < runs.length; i += kBlock)
      visit(r, i, i + kBlock < runs.length ? i + kBlock : runs.length);
}

void moments(const float* x, ChannelRuns runs, float origin, double sums[2]) {
  for_each_block(runs, [&](int64_t run, int64_t begin, int64_t end) __attribute__((always_inline)) {
    const float* p = x + run * runs.stride;
    Floats first[2] = {}, second[2] = {};
    int64_t i = begin;
    for (; i + 2 * kWide <= end; i += 2 * kWide)
      for (int k = 0; k < 2; ++k) {
        Floats d = load(p + i + k * kWide) - origin;
        first[k] += d;
        second[k] = madd(d, d, second[k]);
      }
    float tail[2] = {};
    for (; i < end; ++i) {
      float d = p[i] - origin;
      tail[0] += d;
      tail[1] = madd(d, d, tail[1]);
    }
    sums[0] += sum_lanes(first[0] + first[1]) + tail[0];
    sums[1] += sum_lanes(second[0] + second[1]) + tail[1];
  });
}

void apply(const float* x, ChannelRuns in, float* y, ChannelRuns out, ChannelMap map) {
  Floats scale = splat(map.scale), shift = splat(map.shift);
  for (int64_t r = 0; r < in.runs; ++r) {
    const float* p = x + r * in.stride;
    float* q = y + r * out.stride;
    int64_t i = 0;
    for (; i + kWide <= in.length; i += kWide) store(q + i, madd(load(p + i) - map.mean, scale, shift));
    for (; i < in.length; ++i) q[i] = madd(p[i] - map.mean, map.scale, map.shift);
  }
}

void grad_sums(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in, float mean,
               double sums[2]) {
  for_each_block(in, [&](int64_t run, int64_t begin, int64_t end) __attribute__((always_inline)) {
    const float *g = dy + run * grad.stride, *p = x + run * in.stride;
    Floats first[2] = {}, second[2] = {};
    int64_t i = begin;
    for (; i + 2 * kWide <= end; i += 2 * kWide)
      for (int k = 0; k < 2; ++k) {
        Floats d = load(g + i + k * kWide);
        first[k] += d;
        second[k] = madd(d, load(p + i + k * kWide) - mean, second[k]);
      }
    float tail[2] = {};
    for (; i < end; ++i) {
      tail[0] += g[i];
      tail[1] = madd(g[i], p[i] - mean, tail[1]);
    }
    sums[0] += sum_lanes(first[0] + first[1]) + tail[0];
    sums[1] += sum_lanes(second[0] + second[1]) + tail[1];
  });
}

void grad_apply(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in, float* dx, ChannelRuns out,
                ChannelGradMap map) {
  Floats scale = splat(map.scale), slope = splat(map.slope), shift = splat(map.shift);
  for (int64_t r = 0; r < in.runs; ++r) {
    const float *g = dy + r * grad.stride, *p = x + r * in.stride;
    float* q = dx + r * out.stride;
    int64_t i = 0;
    for (; i + kWide <= in.length; i += kWide)
      store(q + i, madd(load(g + i), scale, madd(load(p + i) - map.mean, slope, shift)));
    for (; i < in.length; ++i) q[i] = madd(g[i], map.scale, madd(p[i] - map.mean, map.slope, map.shift));
  }
}

// ---- columns: the lanes are channels ----

constexpr int kColumns = ChannelColumns::kColumns;
constexpr int64_t kRowBlock = 256;  // rows that are summed in float before they go to double

/// Sums two values a column: visit(row, column, first, second) adds to both.
template <class F>
MIAI_INLINE void sum_columns(ChannelColumns c, double (*sums)[2], F&& visit) {
  for (int64_t begin = 0; begin < c.rows; begin += kRowBlock) {
    int64_t end = begin + kRowBlock < c.rows ? begin + kRowBlock : c.rows;
    float first[kColumns] = {}, second[kColumns] = {};
    for (int64_t r = begin; r < end; ++r) {
      if (c.columns == kColumns)
        for (int j = 0; j < kColumns; ++j) visit(r, j, first[j], second[j]);
      else
        for (int j = 0; j < c.columns; ++j) visit(r, j, first[j], second[j]);
    }
    for (int j = 0; j < c.columns; ++j) sums[j][0] += first[j], sums[j][1] += second[j];
  }
}

template <class F>
MIAI_INLINE void for_each_column(ChannelColumns c, F&& visit) {
  for (int64_t r = 0; r < c.rows; ++r) {
    if (c.columns == kColumns)
      for (int j = 0; j < kColumns; ++j) visit(r, j);
    else
      for (int j = 0; j < c.columns; ++j) visit(r, j);
  }
}

void column_moments(const float* x, ChannelColumns c, const float* origin, double (*sums)[2]) {
  sum_columns(c, sums, [&](int64_t r, int j, float& first, float& second) __attribute__((always_inline)) {
    float d = x[r * c.stride + j] - origin[j];
    first += d;
    second = madd(d, d, second);
  });
}

void column_apply(const float* x, ChannelColumns c, float* y, int64_t out_stride, const ChannelMap* maps) {
  float mean[kColumns] = {}, scale[kColumns] = {}, shift[kColumns] = {};
  for (int j = 0; j < c.columns; ++j)
    mean[j] = maps[j].mean, scale[j] = maps[j].scale, shift[j] = maps[j].shift;
  for_each_column(c, [&](int64_t r, int j) __attribute__((always_inline)) {
    y[r * out_stride + j] = madd(x[r * c.stride + j] - mean[j], scale[j], shift[j]);
  });
}

void column_grad_sums(const float* dy, int64_t grad_stride, const float* x, ChannelColumns c,
                      const ChannelMap* maps, double (*sums)[2]) {
  float mean[kColumns] = {};
  for (int j = 0; j < c.columns; ++j) mean[j] = maps[j].mean;
  sum_columns(c, sums, [&](int64_t r, int j, float& first, float& second) __attribute__((always_inline)) {
    float d = dy[r * grad_stride + j];
    first += d;
    second = madd(d, x[r * c.stride + j] - mean[j], second);
  });
}

void column_grad_apply(const float* dy, int64_t grad_stride, const float* x, ChannelColumns c, float* dx,
                       int64_t out_stride, const ChannelGradMap* maps) {
  float mean[kColumns] = {}, scale[kColumns] = {}, slope[kColumns] = {}, shift[kColumns] = {};
  for (int j = 0; j < c.columns; ++j)
    mean[j] = maps[j].mean, scale[j] = maps[j].scale, slope[j] = maps[j].slope, shift[j] = maps[j].shift;
  for_each_column(c, [&](int64_t r, int j) __attribute__((always_inline)) {
    float centered = madd(x[r * c.stride + j] - mean[j], slope[j], shift[j]);
    dx[r * out_stride + j] = madd(dy[r * grad_stride + j], scale[j], centered);
  });
}

}  // namespace

extern const BatchNormLoops batch_norm_loops;
const BatchNormLoops batch_norm_loops = {moments,        apply,        grad_sums,        grad_apply,
                                         column_moments, column_apply, column_grad_sums, column_grad_apply};

}  // namespace miai::kernels::MIAI_ISA
