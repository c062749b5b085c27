#include "kernels/common/copy_plan.h"

#include <cstring>
#include <numeric>

#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"

namespace miai {
namespace {

constexpr int64_t kGrainBytes = 64 * 1024;
constexpr int64_t kTile = 32;  // elements on a side of a transposed block

/// The axes by falling stride of the destination, so that it is written in order; ties by the source.
SmallVector<int> ordered_axes(const TensorMeta& from, const TensorMeta& to) {
  SmallVector<int> axes;
  for (int i = 0; i < to.rank(); ++i)
    if (to.shape[i] != 1) axes.push_back(i);
  std::stable_sort(axes.begin(), axes.end(), [&](int a, int b) {
    int64_t x = std::abs(to.strides[a]), y = std::abs(to.strides[b]);
    return x != y ? x > y : std::abs(from.strides[a]) > std::abs(from.strides[b]);
  });
  return axes;
}

void choose_inner(CopyPlan& plan) {
  int last = plan.shape.size() - 1;
  if (plan.to[last] != 1) return;
  if (plan.from[last] == 1) {
    plan.inner = CopyPlan::Inner::kMove;
  } else if (plan.from[last] == 0) {
    plan.inner = CopyPlan::Inner::kFill;
  } else {
    for (int i = 0; i < last; ++i)
      if (plan.from[i] == 1 && plan.shape[i] >= 4 && plan.shape[last] >= 4) {
        plan.inner = CopyPlan::Inner::kTranspose;
        plan.source_axis = i;
      }
  }
}

/// memcpy, but for memory that lies less than a cache line further in its page than its source: there the C
/// library's loads wait for its stores, which takes ten times as long.
void copy_bytes(char* to, const char* from, size_t n) {
  typedef uint64_t Line __attribute__((vector_size(64), aligned(1), may_alias));
  const size_t ahead = (reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from)) % 4096;
  size_t done = 0;
  if (ahead != 0 && ahead < sizeof(Line))
    for (; done + 4 * sizeof(Line) <= n; done += 4 * sizeof(Line)) {
      Line lines[4];  // all are read before one is written
      for (size_t i = 0; i < 4; ++i) lines[i] = reinterpret_cast<const Line*>(from + done)[i];
      for (size_t i = 0; i < 4; ++i) reinterpret_cast<Line*>(to + done)[i] = lines[i];
    }
  std::memcpy(to + done, from + done, n - done);
}

template <class T>
void copy_rows(const CopyPlan& plan, const T* from, T* to, int64_t begin, int64_t end) {
  int last = plan.shape.size() - 1;
  int64_t n = plan.shape[last], s = plan.from[last], d = plan.to[last];
  Shape outer = plan.shape;
  outer.pop_back();
  Odometer<2> at(outer, {plan.from, plan.to});
  at.seek(begin);
  for (int64_t row = begin; row < end; ++row, at.next()) {
    const T* x = from + at.offset(0);
    T* y = to + at.offset(1);
    if (plan.inner == CopyPlan::Inner::kMove) {
      copy_bytes(reinterpret_cast<char*>(y), reinterpret_cast<const char*>(x),
                 static_cast<size_t>(n) * sizeof(T));
    } else if (plan.inner == CopyPlan::Inner::kFill) {
      std::fill(y, y + n, *x);
    } else {
      for (int64_t i = 0; i < n; ++i) y[i * d] = x[i * s];
    }
  }
}

/// One block of the axes `source_axis` (p) and last (q): y[p, q] = x[q, p], tile by tile.
template <class T>
void transpose_block(const T* x, int64_t x_stride, T* y, int64_t y_stride, int64_t p_end, int64_t q_end) {
  T tile[kTile][kTile];
  for (int64_t p0 = 0; p0 < p_end; p0 += kTile)
    for (int64_t q0 = 0; q0 < q_end; q0 += kTile) {
      int64_t ps = std::min(kTile, p_end - p0), qs = std::min(kTile, q_end - q0);
      for (int64_t q = 0; q < qs; ++q)
        for (int64_t p = 0; p < ps; ++p) tile[p][q] = x[(q0 + q) * x_stride + p0 + p];
      for (int64_t p = 0; p < ps; ++p)
        std::memcpy(y + (p0 + p) * y_stride + q0, tile[p], static_cast<size_t>(qs) * sizeof(T));
    }
}

/// Bands of kTile indices of the source axis, for every index of the axes but the two transposed ones.
template <class T>
void copy_transposed(const CopyPlan& plan, const T* from, T* to) {
  int last = plan.shape.size() - 1, axis = plan.source_axis;
  Shape outer = plan.shape;
  Strides outer_from = plan.from, outer_to = plan.to;
  for (int i : {last, axis}) outer.erase(i), outer_from.erase(i), outer_to.erase(i);
  int64_t height = plan.shape[axis], bands = (height + kTile - 1) / kTile;
  int64_t band_bytes = kTile * plan.shape[last] * static_cast<int64_t>(sizeof(T));
  int64_t grain = std::max<int64_t>(1, kGrainBytes / band_bytes);
  parallel_for(0, element_count(outer) * bands, grain, [&](int64_t begin, int64_t end) {
    Odometer<2> at(outer, {outer_from, outer_to});
    for (int64_t i = begin; i < end; ++i) {
      at.seek(i / bands);
      int64_t p = i % bands * kTile;
      transpose_block(from + at.offset(0) + p, plan.from[last], to + at.offset(1) + p * plan.to[axis],
                      plan.to[axis], std::min(kTile, height - p), plan.shape[last]);
    }
  });
}

template <class T>
void run_typed(const CopyPlan& plan, const T* from, T* to) {
  if (plan.inner == CopyPlan::Inner::kTranspose) return copy_transposed(plan, from, to);
  if (plan.shape.size() == 1 && plan.count > 1) {
    // One long row: cut it.
    int64_t s = plan.from[0], d = plan.to[0];
    parallel_for(0, plan.count, kGrainBytes / static_cast<int64_t>(sizeof(T)),
                 [&](int64_t begin, int64_t end) {
                   CopyPlan part = plan;
                   part.shape[0] = end - begin;
                   copy_rows(part, from + begin * s, to + begin * d, 0, 1);
                 });
    return;
  }
  int64_t row_bytes = plan.shape.back() * static_cast<int64_t>(sizeof(T));
  int64_t grain = std::max<int64_t>(1, kGrainBytes / row_bytes);
  parallel_for(0, plan.count / plan.shape.back(), grain,
               [&](int64_t begin, int64_t end) { copy_rows(plan, from, to, begin, end); });
}

}  // namespace

CopyPlan plan_copy(const TensorMeta& from, int64_t from_offset, const TensorMeta& to) {
  CopyPlan plan;
  plan.element_bytes = dtype_size(to.dtype);
  plan.from_offset = from_offset;
  plan.count = to.size();
  for (int axis : ordered_axes(from, to)) {
    int64_t size = to.shape[axis], s = from.strides[axis], d = to.strides[axis];
    if (!plan.shape.empty() && plan.from.back() == s * size && plan.to.back() == d * size) {
      plan.shape.back() *= size;
      plan.from.back() = s;
      plan.to.back() = d;
    } else {
      plan.shape.push_back(size);
      plan.from.push_back(s);
      plan.to.push_back(d);
    }
  }
  if (plan.shape.empty()) plan.shape = {1}, plan.from = {1}, plan.to = {1};
  choose_inner(plan);
  return plan;
}

void run_copy_plan(const CopyPlan& plan, const void* from, void* to) {
  if (plan.count == 0) return;
  visit_size(plan.element_bytes, [&]<class T>() {
    run_typed(plan, static_cast<const T*>(from) + plan.from_offset, static_cast<T*>(to));
  });
}

}  // namespace miai
