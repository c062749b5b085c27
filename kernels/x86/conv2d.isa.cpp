#include "kernels/x86/conv2d.h"

#include <utility>

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kMostRows = 14, kWeightRows = 4, kWeightColumns = 6;  // of 32 registers
#else
constexpr int kMostRows = 6, kWeightRows = 3, kWeightColumns = 4;  // of 16 registers
#endif

template <class T, int Vectors, int Rows>
void tile(const ConvTile<T>& t) {
  Vector<T> sum[Rows][Vectors] = {};
  const T* weight = t.weight;
  for (int64_t c = 0; c < t.channels; ++c) {
    const T* plane = t.plane + c * t.channel_size;
    for (int k = 0; k < t.tap_count; ++k, weight += Rows) {
      Vector<T> x[Vectors];
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) x[j] = load(plane + t.taps[k].offset + j * kLanes<T>);
#pragma GCC unroll 16
      for (int i = 0; i < Rows; ++i) {
        Vector<T> w = splat(weight[i]);
#pragma GCC unroll 2
        for (int j = 0; j < Vectors; ++j) sum[i][j] = madd(w, x[j], sum[i][j]);
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) store(t.sums + (i * Vectors + j) * kLanes<T>, sum[i][j]);
}

template <class T, bool HasZ, bool Relu>
MIAI_INLINE void write_run(const T* from, T bias, const T* z, T* y, int64_t step, int count) {
  int i = 0;
  if (step == 1) {
    Vector<T> add = splat(bias), zero = {};
    for (; i + kLanes<T> <= count; i += kLanes<T>) {
      Vector<T> value = load(from + i) + add;
      if (HasZ) value += load(z + i);
      if (Relu) value = value < zero ? zero : value;  // NaN stays
      store(y + i, value);
    }
  }
  for (; i < count; ++i) {
    T value = from[i] + bias;
    if (HasZ) value += z[i * step];
    if (Relu) value = value < 0 ? T(0) : value;
    y[i * step] = value;
  }
}

template <class T, bool HasZ, bool Relu>
void write_runs(const RowOut<T>& row) {
  for (int i = 0; i < row.run_count; ++i) {
    const LaneRun& run = row.runs[i];
    write_run<T, HasZ, Relu>(row.sums + run.lane, row.bias, HasZ ? row.z + run.to : nullptr, row.y + run.to,
                             row.step, run.count);
  }
}

template <class T>
void write(const RowOut<T>& row) {
  if (row.z) return row.relu ? write_runs<T, true, true>(row) : write_runs<T, true, false>(row);
  row.relu ? write_runs<T, false, true>(row) : write_runs<T, false, false>(row);
}

template <class T, int Rows>
void weight_tile(const WeightTile<T>& t) {
  constexpr int kColumns = kWeightColumns, kSums = Rows * kColumns, kLanesOf = kLanes<T>;
  Vector<T> sum[Rows][kColumns] = {};
  for (int64_t n = 0; n < t.images; ++n) {
    const T* dy = t.dy + n * t.dy_image;
    const T* x[kColumns];
#pragma GCC unroll 8
    for (int j = 0; j < kColumns; ++j) x[j] = t.x[j] + n * t.x_image;
    for (int64_t p = 0; p < t.vectors * kLanes<T>; p += kLanes<T>) {
      Vector<T> left[Rows];
#pragma GCC unroll 8
      for (int i = 0; i < Rows; ++i) left[i] = load(dy + i * t.dy_channel + p);
#pragma GCC unroll 8
      for (int j = 0; j < kColumns; ++j) {
        Vector<T> right = load(x[j] + p);
#pragma GCC unroll 8
        for (int i = 0; i < Rows; ++i) sum[i][j] = madd(left[i], right, sum[i][j]);
      }
    }
  }
  constexpr int kPadded = (kSums + kLanesOf - 1) / kLanesOf * kLanesOf;
  Vector<T> all[kPadded] = {};
#pragma GCC unroll 32
  for (int i = 0; i < kSums; ++i) all[i] = sum[i / kColumns][i % kColumns];
  sum_each<T, kPadded>(all);
#pragma GCC unroll 4
  for (int i = 0; i < kPadded / kLanesOf; ++i) store(t.sums + i * kLanesOf, all[i]);
}

template <class T>
MIAI_INLINE void clear(T* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = 0;
}

template <class T>
MIAI_INLINE void lay_out_phase(const PlaneShape& s, const T* image, int64_t row, int64_t column,
                               int64_t height, int64_t width, T* to) {
  T* end = to + s.phase_size;
  clear(to, s.left + s.top * s.pitch);
  to += s.left + s.top * s.pitch;
  for (int64_t i = 0; i < height; ++i, to += s.pitch) {
    const T* from = image + i * row;
    if (column == 1) {
      for (int64_t j = 0; j < width; ++j) to[j] = from[j];
    } else {
      for (int64_t j = 0; j < width; ++j) to[j] = from[j * column];
    }
    clear(to + width, s.pitch - width);
  }
  clear(to, end - to);
}

template <class T>
void lay_out(const PlaneShape& s, const T* image, int64_t row, int64_t column, T* plane) {
  for (int64_t a = 0; a < s.stride_h; ++a)
    for (int64_t b = 0; b < s.stride_w; ++b, plane += s.phase_size)
      lay_out_phase(s, image + a * row + b * column, row * s.stride_h, column * s.stride_w, s.phase_height(a),
                    s.phase_width(b), plane);
}

template <class T, int Vectors, class Rows>
struct Tiles;
template <class T, int Vectors, int... Rows>
struct Tiles<T, Vectors, std::integer_sequence<int, Rows...>> {
  static constexpr void (*of[])(const ConvTile<T>&) = {tile<T, Vectors, Rows + 1>...};
};
template <class T, class Rows>
struct WeightTiles;
template <class T, int... Rows>
struct WeightTiles<T, std::integer_sequence<int, Rows...>> {
  static constexpr void (*of[])(const WeightTile<T>&) = {weight_tile<T, Rows + 1>...};
};

template <class T>
constexpr ConvLoops<T> loops_of() {
  using Rows = std::make_integer_sequence<int, kMostRows>;
  return {kLanes<T>,
          kMostRows,
          {Tiles<T, 1, Rows>::of, Tiles<T, 2, Rows>::of},
          write<T>,
          kWeightRows,
          kWeightColumns,
          WeightTiles<T, std::make_integer_sequence<int, kWeightRows>>::of,
          lay_out<T>};
}

}  // namespace

extern const ConvLoops<float> conv_float;
extern const ConvLoops<double> conv_double;
constexpr ConvLoops<float> conv_float = loops_of<float>();
constexpr ConvLoops<double> conv_double = loops_of<double>();

}  // namespace miai::kernels::MIAI_ISA
