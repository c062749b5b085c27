#include "kernels/x86/pool2d.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;

/// N lanes, whatever the width of the instruction set's own vectors: rows of images are short.
template <int N>
struct LaneTypes;
template <>
struct LaneTypes<16> {
  typedef float Floats __attribute__((vector_size(64)));
  typedef int32_t Ints __attribute__((vector_size(64)));
};
template <>
struct LaneTypes<8> {
  typedef float Floats __attribute__((vector_size(32)));
  typedef int32_t Ints __attribute__((vector_size(32)));
};
template <>
struct LaneTypes<1> {
  typedef float Floats __attribute__((vector_size(4)));
  typedef int32_t Ints __attribute__((vector_size(4)));
};
template <>
struct LaneTypes<4> {
  typedef float Floats __attribute__((vector_size(16)));
  typedef int32_t Ints __attribute__((vector_size(16)));
};

template <int N>
struct Lanes {
  using Floats = typename LaneTypes<N>::Floats;
  using Ints = typename LaneTypes<N>::Ints;

  template <class V, class T>
  MIAI_INLINE V load(const T* p) {
    V lanes;
    __builtin_memcpy(&lanes, p, sizeof(V));
    return lanes;
  }
  template <int... Lane>
  MIAI_INLINE Floats every_other(Floats low, Floats high, std::integer_sequence<int, Lane...>) {
    return __builtin_shufflevector(low, high, (Lane < N / 2 ? 2 * Lane : 2 * Lane + 1)...);
  }
  /// p[0], p[2], ..., without reading beyond the last of them.
  MIAI_INLINE Floats load_every_other(const float* p) {
    return every_other(load<Floats>(p), load<Floats>(p + N - 1), std::make_integer_sequence<int, N>());
  }
  template <int kStep>
  MIAI_INLINE void take_larger(const float* x, int32_t index, float* y, int32_t* at) {
    Floats value = kStep == 1 ? load<Floats>(x) : load_every_other(x), best = load<Floats>(y);
    Ints indices = {};
    for (int i = 0; i < N; ++i) indices[i] = i * kStep;
    Ints takes = ~(value <= best) & (best == best);
    Floats larger = takes ? value : best;
    Ints larger_at = takes ? indices + index : load<Ints>(at);
    __builtin_memcpy(y, &larger, sizeof(larger));
    __builtin_memcpy(at, &larger_at, sizeof(larger_at));
  }
};

/// As many times N lanes as there are; whether it did all. The last ones may be done twice, which changes
/// nothing.
template <int kStep, int N>
MIAI_INLINE bool take_larger_lanes(const float* x, int64_t count, int32_t index, float* y, int32_t* at) {
  if (count < N) return false;
  for (int64_t j = 0; j < count; j += N) {
    int64_t from = j + N <= count ? j : count - N;
    Lanes<N>::template take_larger<kStep>(x + from * kStep, index + static_cast<int32_t>(from * kStep),
                                          y + from, at + from);
  }
  return true;
}

MIAI_INLINE void take_larger_each(const float* x, int64_t step, int64_t count, int32_t index, float* y,
                                  int32_t* at) {
  for (int64_t j = 0; j < count; ++j) {
    float value = x[j * step], best = y[j];
    bool takes = !(value <= best) & (best == best);
    y[j] = takes ? value : best;
    at[j] = takes ? index + static_cast<int32_t>(j * step) : at[j];
  }
}

template <int kStep>
MIAI_INLINE void take_larger_by(const float* x, int64_t count, int32_t index, float* y, int32_t* at) {
  if (take_larger_lanes<kStep, kWide>(x, count, index, y, at)) return;
  if (kWide > 4 && take_larger_lanes<kStep, kWide / 2 < 4 ? 4 : kWide / 2>(x, count, index, y, at)) return;
  take_larger_each(x, kStep, count, index, y, at);
}

void take_larger(const float* x, int64_t step, int64_t count, int32_t index, float* y, int32_t* at) {
  if (step == 1) return take_larger_by<1>(x, count, index, y, at);
  if (step == 2) return take_larger_by<2>(x, count, index, y, at);
  take_larger_each(x, step, count, index, y, at);
}

/// N values of 16 or 32 bits as float32, and back where they were of T.
template <int N>
struct Widened {
  using Floats = typename Lanes<N>::Floats;
  using Bits = typename Lanes<N>::Ints;
  typedef uint16_t Shorts __attribute__((vector_size(N * 2)));

  MIAI_INLINE Floats load(const float* p) { return Lanes<N>::template load<Floats>(p); }
  MIAI_INLINE Floats load(const BFloat16* p) {
    Bits bits = __builtin_convertvector(Lanes<N>::template load<Shorts>(p), Bits) << 16;
    return (Floats)bits;
  }
  MIAI_INLINE void store(float* p, Floats v) { __builtin_memcpy(p, &v, sizeof(v)); }
  MIAI_INLINE void store(BFloat16* p, Floats v) {
    Shorts shorts = __builtin_convertvector((Bits)v >> 16, Shorts);
    __builtin_memcpy(static_cast<void*>(p), &shorts, sizeof(shorts));
  }
};

template <int N, class T>
MIAI_INLINE void largest_lanes(const PoolWindow<T>& w, int64_t c, T* y, int32_t* at) {
  using Floats = typename Lanes<N>::Floats;
  using Ints = typename Lanes<N>::Ints;
  Floats best = Widened<N>::load(w.first + c);
  Ints best_at = Ints{} + w.index;
  for (int64_t i = 0; i < w.rows; ++i)
    for (int64_t j = 0; j < w.columns; ++j) {
      Floats value = Widened<N>::load(w.first + i * w.row + j * w.pixel + c);
      Ints takes = ~(value <= best) & (best == best);
      best = takes ? value : best;
      best_at =
          takes ? Ints{} + (w.index + static_cast<int32_t>(i) * w.width + static_cast<int32_t>(j)) : best_at;
    }
  Widened<N>::store(y + c, best);
  __builtin_memcpy(at + c, &best_at, sizeof(best_at));
}

/// The last lanes may be done twice, which changes nothing.
template <int N, class T>
MIAI_INLINE bool largest_by(const PoolWindow<T>& w, int64_t channels, T* y, int32_t* at) {
  if (channels < N) return false;
  for (int64_t c = 0; c < channels; c += N) largest_lanes<N>(w, c + N <= channels ? c : channels - N, y, at);
  return true;
}

template <class T>
void largest(const PoolWindow<T>& w, int64_t channels, T* y, int32_t* at) {
  if (largest_by<kWide>(w, channels, y, at)) return;
  if (kWide > 4 && largest_by<4>(w, channels, y, at)) return;
  for (int64_t c = 0; c < channels; ++c) largest_lanes<1>(w, c, y, at);
}

void add(const float* x, int64_t count, float scale, float* __restrict y) {
  for (int64_t j = 0; j < count; ++j) y[j] = madd(x[j], scale, y[j]);
}

}  // namespace

extern const PoolLoops pool_loops;
const PoolLoops pool_loops = {take_larger, largest<float>, largest<BFloat16>, add};

}  // namespace miai::kernels::MIAI_ISA
