#include "kernels/x86/reduce.h"

#include "kernels/x86/simd.h"

namespace miai::kernels::MIAI_ISA {
namespace {

constexpr int kWide = kLanes<float>;
constexpr int64_t kBlock = 1024;    // elements that are summed in float before they go to double
constexpr int64_t kRowBlock = 128;  // rows likewise

double sum(const float* x, int64_t n, double total) {
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    int64_t end = begin + kBlock < n ? begin + kBlock : n, i = begin;
    Floats parts[4] = {};
    for (; i + 4 * kWide <= end; i += 4 * kWide)
      for (int k = 0; k < 4; ++k) parts[k] += load(x + i + k * kWide);
    float tail = 0;
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

template <class Op>
double extremum(const float* x, int64_t n, double total) {
  auto best = static_cast<float>(total);
  int64_t i = 0;
  if (n >= 2 * kWide) {
    Floats first = splat(best), second = first;
    for (; i + 2 * kWide <= n; i += 2 * kWide) {
      first = Op::pick(first, load(x + i));
      second = Op::pick(second, load(x + i + kWide));
    }
    first = Op::pick(first, second);
    for (int k = 0; k < kWide; ++k) best = Op::pick(best, float(first[k]));
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

void column_sum(const float* x, int64_t rows, int64_t stride, int columns, double* totals) {
  for (int64_t begin = 0; begin < rows; begin += kRowBlock) {
    int64_t end = begin + kRowBlock < rows ? begin + kRowBlock : rows;
    float parts[kReduceColumns] = {};
    for_each_column(begin, end, columns,
                    [&](int64_t r, int j) __attribute__((always_inline)) { parts[j] += x[r * stride + j]; });
    for (int j = 0; j < columns; ++j) totals[j] += parts[j];
  }
}

template <class Op>
void column_extremum(const float* x, int64_t rows, int64_t stride, int columns, double* totals) {
  float best[kReduceColumns] = {};
  for (int j = 0; j < columns; ++j) best[j] = static_cast<float>(totals[j]);
  for_each_column(0, rows, columns, [&](int64_t r, int j) __attribute__((always_inline)) {
    best[j] = Op::pick(best[j], x[r * stride + j]);
  });
  for (int j = 0; j < columns; ++j) totals[j] = best[j];
}

}  // namespace

extern const ReduceLoops reduce_loops;
const ReduceLoops reduce_loops = {
    sum, extremum<Greater>, extremum<Less>, column_sum, column_extremum<Greater>, column_extremum<Less>,
};

}  // namespace miai::kernels::MIAI_ISA
