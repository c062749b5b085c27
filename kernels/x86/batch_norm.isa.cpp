#include "kernels/x86/batch_norm.h"

#include <type_traits>

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;

// ---- of one element (T is float), or of a vector of them (Floats) ----

template <class T>
MIAI_INLINE T read(const float* p) {
  if constexpr (std::is_same_v<T, float>)
    return *p;
  else
    return load(p);
}
MIAI_INLINE void write(float* p, float v) { *p = v; }
MIAI_INLINE void write(float* p, Floats v) { store(p, v); }

template <class T>
MIAI_INLINE T clamped(T y, Clamp clamp) {
  if (!clamp.clamps) return y;
  T low = T{} + clamp.low, high = T{} + clamp.high;
  T raised = y < low ? low : y;  // NaN stays
  return raised > high ? high : raised;
}

template <class T>
MIAI_INLINE T map_of(T x, ChannelMap<T> map) {
  return madd(x - map.mean, map.scale, map.shift);
}

/// dy, or 0 where the map of x is clamped.
template <bool kClamps, class T>
MIAI_INLINE T masked(T dy, T x, ChannelMap<T> map, Clamp clamp) {
  if constexpr (!kClamps) return dy;
  T y = map_of(x, map), above = y > T{} + clamp.low ? dy : T{};
  return y < T{} + clamp.high ? above : T{};
}

template <class T>
MIAI_INLINE T grad_of(T dy, T x, T mean, ChannelGradMap<T> map) {
  return madd(dy, map.scale, madd(x - mean, map.slope, map.shift));
}

// ---- one channel: runs of its elements ----

constexpr int64_t kBlock = 1024;  // elements that are summed in float before they go to double

template <class T>
MIAI_INLINE ChannelMap<T> splat_map(ChannelMap<float> map) {
  return {T{} + map.mean, T{} + map.scale, T{} + map.shift};
}

/// Sums two values an element: visit(run, i, first, second) adds those of element i, or of the vector there.
template <class F>
MIAI_INLINE void sum_runs(ChannelRuns runs, double sums[2], F&& visit) {
  for (int64_t run = 0; run < runs.runs; ++run)
    for (int64_t begin = 0; begin < runs.length; begin += kBlock) {
      int64_t end = begin + kBlock < runs.length ? begin + kBlock : runs.length, i = begin;
      Floats first[2] = {}, second[2] = {};
      for (; i + 2 * kWide <= end; i += 2 * kWide)
        for (int k = 0; k < 2; ++k) visit(run, i + k * kWide, first[k], second[k]);
      float tail[2] = {};
      for (; i < end; ++i) visit(run, i, tail[0], tail[1]);
      sums[0] += sum_lanes(first[0] + first[1]) + tail[0];
      sums[1] += sum_lanes(second[0] + second[1]) + tail[1];
    }
}

/// Writes a value an element: visit(run, i, T()) gives it.
template <class F>
MIAI_INLINE void write_runs(float* out, ChannelRuns runs, F&& visit) {
  for (int64_t run = 0; run < runs.runs; ++run) {
    float* q = out + run * runs.stride;
    int64_t i = 0;
    for (; i + kWide <= runs.length; i += kWide) write(q + i, visit(run, i, Floats{}));
    for (; i < runs.length; ++i) write(q + i, visit(run, i, float{}));
  }
}

void run_moments(const float* x, ChannelRuns runs, float origin, double sums[2]) {
  sum_runs(runs, sums,
           [&]<class T>(int64_t run, int64_t i, T& first, T& second) __attribute__((always_inline)) {
             T d = read<T>(x + run * runs.stride + i) - origin;
             first += d;
             second = madd(d, d, second);
           });
}

void run_apply(const float* x, ChannelRuns in, const float* z, ChannelRuns added, float* y, ChannelRuns out,
               ChannelMap<float> map, Clamp clamp) {
  write_runs(y, out, [&]<class T>(int64_t run, int64_t i, T) __attribute__((always_inline)) {
    T value = map_of(read<T>(x + run * in.stride + i), splat_map<T>(map));
    if (z) value += read<T>(z + run * added.stride + i);
    return clamped(value, clamp);
  });
}

template <bool kClamps>
MIAI_INLINE void sum_grad_runs(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in,
                               ChannelMap<float> map, Clamp clamp, double sums[2]) {
  sum_runs(in, sums,
           [&]<class T>(int64_t run, int64_t i, T& first, T& second) __attribute__((always_inline)) {
             T p = read<T>(x + run * in.stride + i);
             T d = masked<kClamps>(read<T>(dy + run * grad.stride + i), p, splat_map<T>(map), clamp);
             first += d;
             second = madd(d, p - map.mean, second);
           });
}
void run_grad_sums(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in, ChannelMap<float> map,
                   Clamp clamp, double sums[2]) {
  (clamp.clamps ? sum_grad_runs<true> : sum_grad_runs<false>)(dy, grad, x, in, map, clamp, sums);
}

template <bool kClamps>
MIAI_INLINE void apply_grad_runs(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in, float* dx,
                                 ChannelRuns out, ChannelMap<float> map, Clamp clamp,
                                 ChannelGradMap<float> g) {
  write_runs(dx, out, [&]<class T>(int64_t run, int64_t i, T) __attribute__((always_inline)) {
    T p = read<T>(x + run * in.stride + i);
    T d = masked<kClamps>(read<T>(dy + run * grad.stride + i), p, splat_map<T>(map), clamp);
    return grad_of<T>(d, p, T{} + map.mean, {T{} + g.scale, T{} + g.slope, T{} + g.shift});
  });
}
void run_grad_apply(const float* dy, ChannelRuns grad, const float* x, ChannelRuns in, float* dx,
                    ChannelRuns out, ChannelMap<float> map, Clamp clamp, ChannelGradMap<float> g) {
  (clamp.clamps ? apply_grad_runs<true> : apply_grad_runs<false>)(dy, grad, x, in, dx, out, map, clamp, g);
}

// ---- all channels: rows of one element each; the lanes of a vector are channels ----

constexpr int64_t kRowBlock = 16;  // rows that are summed in float before they go to double

template <class T>
MIAI_INLINE ChannelMap<T> map_at(ChannelMap<const float*> map, int64_t c) {
  return {read<T>(map.mean + c), read<T>(map.scale + c), read<T>(map.shift + c)};
}

MIAI_INLINE void add_to(double* sums, float values) { *sums += values; }
MIAI_INLINE void add_to(double* sums, Floats values) {
  float lanes[kWide];
  store(lanes, values);
  for (int i = 0; i < kWide; ++i) sums[i] += lanes[i];
}

/// Sums two values an element: visit(row, c, first, second) adds those of channel c, or of the vector there.
template <class F>
MIAI_INLINE void sum_rows(ChannelRows rows, double* first, double* second, F&& visit) {
  for (int64_t begin = 0; begin < rows.rows; begin += kRowBlock) {
    int64_t end = begin + kRowBlock < rows.rows ? begin + kRowBlock : rows.rows;
    auto sum = [&]<class T>(int64_t c, T) __attribute__((always_inline)) {
      T a = {}, b = {};
      for (int64_t r = begin; r < end; ++r) visit(r, c, a, b);
      add_to(first + c, a);
      add_to(second + c, b);
    };
    int64_t c = 0;
    for (; c + kWide <= rows.channels; c += kWide) sum(c, Floats{});
    for (; c < rows.channels; ++c) sum(c, float{});
  }
}

/// Writes a value an element: visit(row, c, T()) gives it.
template <class F>
MIAI_INLINE void write_rows(float* out, int64_t stride, ChannelRows rows, F&& visit) {
  for (int64_t r = 0; r < rows.rows; ++r) {
    int64_t c = 0;
    for (; c + kWide <= rows.channels; c += kWide) write(out + r * stride + c, visit(r, c, Floats{}));
    for (; c < rows.channels; ++c) write(out + r * stride + c, visit(r, c, float{}));
  }
}

void row_moments(const float* x, ChannelRows rows, const float* origin, double* first, double* second) {
  sum_rows(rows, first, second,
           [&]<class T>(int64_t r, int64_t c, T& a, T& b) __attribute__((always_inline)) {
             T d = read<T>(x + r * rows.stride + c) - read<T>(origin + c);
             a += d;
             b = madd(d, d, b);
           });
}

void row_apply(const float* x, ChannelRows in, const float* z, int64_t z_stride, float* y, int64_t y_stride,
               ChannelMap<const float*> map, Clamp clamp) {
  write_rows(y, y_stride, in, [&]<class T>(int64_t r, int64_t c, T) __attribute__((always_inline)) {
    T value = map_of(read<T>(x + r * in.stride + c), map_at<T>(map, c));
    if (z) value += read<T>(z + r * z_stride + c);
    return clamped(value, clamp);
  });
}

template <bool kClamps>
MIAI_INLINE void sum_grad_rows(const float* dy, int64_t dy_stride, const float* x, ChannelRows in,
                               ChannelMap<const float*> map, Clamp clamp, double* first, double* second) {
  sum_rows(in, first, second, [&]<class T>(int64_t r, int64_t c, T& a, T& b) __attribute__((always_inline)) {
    T p = read<T>(x + r * in.stride + c);
    T d = masked<kClamps>(read<T>(dy + r * dy_stride + c), p, map_at<T>(map, c), clamp);
    a += d;
    b = madd(d, p - read<T>(map.mean + c), b);
  });
}
void row_grad_sums(const float* dy, int64_t dy_stride, const float* x, ChannelRows in,
                   ChannelMap<const float*> map, Clamp clamp, double* first, double* second) {
  (clamp.clamps ? sum_grad_rows<true> : sum_grad_rows<false>)(dy, dy_stride, x, in, map, clamp, first,
                                                              second);
}

template <bool kClamps>
MIAI_INLINE void apply_grad_rows(const float* dy, int64_t dy_stride, const float* x, ChannelRows in,
                                 float* dx, int64_t dx_stride, ChannelMap<const float*> map, Clamp clamp,
                                 ChannelGradMap<const float*> g) {
  write_rows(dx, dx_stride, in, [&]<class T>(int64_t r, int64_t c, T) __attribute__((always_inline)) {
    T p = read<T>(x + r * in.stride + c);
    T d = masked<kClamps>(read<T>(dy + r * dy_stride + c), p, map_at<T>(map, c), clamp);
    return grad_of<T>(d, p, read<T>(map.mean + c),
                      {read<T>(g.scale + c), read<T>(g.slope + c), read<T>(g.shift + c)});
  });
}
void row_grad_apply(const float* dy, int64_t dy_stride, const float* x, ChannelRows in, float* dx,
                    int64_t dx_stride, ChannelMap<const float*> map, Clamp clamp,
                    ChannelGradMap<const float*> g) {
  (clamp.clamps ? apply_grad_rows<true> : apply_grad_rows<false>)(dy, dy_stride, x, in, dx, dx_stride, map,
                                                                  clamp, g);
}

}  // namespace

extern const BatchNormLoops batch_norm_loops;
const BatchNormLoops batch_norm_loops = {run_moments, run_apply, run_grad_sums, run_grad_apply,
                                         row_moments, row_apply, row_grad_sums, row_grad_apply};

}  // namespace miai::kernels::MIAI_ISA
