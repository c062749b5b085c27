#include "kernels/x86/reduce.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int64_t kBlock = 1024;    // elements that are summed in their dtype before they go to double
constexpr int64_t kRowBlock = 128;  // rows likewise

template <class T>
double sum(const T* x, int64_t n, double total) {
  constexpr int kWide = kLanes<T>;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    int64_t end = begin + kBlock < n ? begin + kBlock : n, i = begin;
    Vector<T> parts[4] = {};
    for (; i + 4 * kWide <= end; i += 4 * kWide)
      for (int k = 0; k < 4; ++k) parts[k] += load(x + i + k * kWide);
    T tail = 0;
    for (; i < end; ++i) tail += x[i];
    total += sum_lanes((parts[0] + parts[1]) + (parts[2] + parts[3])) + tail;
  }
  return total;
}

struct Greater {
  template <class V>
  MIAI_INLINE V pick(V a, V x) {  // `a` stays if it is NaN
    return (x > a) | (x != x) ? x : a;
  }
};
struct Less {
  template <class V>
  MIAI_INLINE V pick(V a, V x) {
    return (x < a) | (x != x) ? x : a;
  }
};

template <class Op, class T>
double extremum(const T* x, int64_t n, double total) {
  constexpr int kWide = kLanes<T>;
  auto best = static_cast<T>(total);
  int64_t i = 0;
  if (n >= 2 * kWide) {
    Vector<T> first = splat(best), second = first;
    for (; i + 2 * kWide <= n; i += 2 * kWide) {
      first = Op::pick(first, load(x + i));
      second = Op::pick(second, load(x + i + kWide));
    }
    first = Op::pick(first, second);
    for (int k = 0; k < kWide; ++k) best = Op::pick(best, T(first[k]));
  }
  for (; i < n; ++i) best = Op::pick(best, x[i]);
  return best;
}

/// Calls visit(r, j) for every element, with a fixed number of columns where it can.
template <class F>
MIAI_INLINE void for_each_column(int64_t begin, int64_t end, int columns, F&& visit) {
  for (int64_t r = begin; r < end; ++r) {
    if (columns == kReduceColumns)
      for (int j = 0; j < kReduceColumns; ++j) visit(r, j);
    else
      for (int j = 0; j < columns; ++j) visit(r, j);
  }
}

template <class T>
void column_sum(const T* x, int64_t rows, int64_t stride, int columns, double* totals) {
  for (int64_t begin = 0; begin < rows; begin += kRowBlock) {
    int64_t end = begin + kRowBlock < rows ? begin + kRowBlock : rows;
    T parts[kReduceColumns] = {};
    for_each_column(begin, end, columns,
                    [&](int64_t r, int j) __attribute__((always_inline)) { parts[j] += x[r * stride + j]; });
    for (int j = 0; j < columns; ++j) totals[j] += parts[j];
  }
}

template <class Op, class T>
void column_extremum(const T* x, int64_t rows, int64_t stride, int columns, double* totals) {
  T best[kReduceColumns] = {};
  for (int j = 0; j < columns; ++j) best[j] = static_cast<T>(totals[j]);
  for_each_column(0, rows, columns, [&](int64_t r, int j) __attribute__((always_inline)) {
    best[j] = Op::pick(best[j], x[r * stride + j]);
  });
  for (int j = 0; j < columns; ++j) totals[j] = best[j];
}

template <class T>
constexpr LoopsOf<T> kLoops = {
    {sum<T>, column_sum<T>},
    {extremum<Greater, T>, column_extremum<Greater, T>},
    {extremum<Less, T>, column_extremum<Less, T>},
};

}  // namespace

extern const ReduceLoops reduce_loops;
const ReduceLoops reduce_loops = {kLoops<float>, kLoops<double>};

}  // namespace miai::kernels::MIAI_ISA
