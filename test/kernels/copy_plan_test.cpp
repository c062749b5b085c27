// The fast strided copy against one element at a time, on random shapes and strides.
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "kernels/common/copy_plan.h"
#include "kernels/common/strided.h"
#include "kernels/common/views.h"

namespace miai {
namespace {

struct Case {
  TensorMeta from, to;
  int64_t from_offset = 0, from_elements = 0, to_elements = 0;
};

/// A random view: permuted axes, steps (also negative and 0 for the source) and gaps.
TensorMeta random_view(std::mt19937& random, DType dtype, const Shape& shape, bool source, int64_t& offset,
                       int64_t& elements) {
  TensorMeta meta;
  meta.dtype = dtype;
  meta.shape = shape;
  meta.strides.resize(shape.size(), 0);
  std::vector<int> order(shape.size());
  std::iota(order.begin(), order.end(), 0);
  if (random() % 2) std::shuffle(order.begin(), order.end(), random);
  int64_t stride = 1;
  offset = 0;
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    if (source && random() % 6 == 0) continue;  // broadcast
    if (random() % 4 == 0) stride *= 1 + static_cast<int64_t>(random() % 3);
    bool backwards = source && random() % 5 == 0;
    meta.strides[*it] = backwards ? -stride : stride;
    if (backwards) offset += stride * (shape[*it] - 1);
    stride *= shape[*it];
  }
  elements = stride + 1;
  return meta;
}

template <class T>
void check(const Case& c) {
  std::vector<T> from(c.from_elements), expected(c.to_elements, T(0)), got(c.to_elements, T(0));
  for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<T>(i * 7 + 1);
  for_each_offset(
      c.to.shape, [&](int64_t x, int64_t y) { expected[y] = from[c.from_offset + x]; }, c.from.strides,
      c.to.strides);
  run_copy_plan(plan_copy(c.from, c.from_offset, c.to), from.data(), got.data());
  ASSERT_EQ(got, expected) << c.to.shape << " from " << c.from.strides << " to " << c.to.strides;
}

TEST(CopyPlan, RandomViews) {
  std::mt19937 random(3);
  const int64_t sizes[] = {1, 2, 3, 5, 8, 33, 70};
  for (int round = 0; round < 400; ++round) {
    Shape shape;
    int rank = static_cast<int>(random() % 5);
    for (int i = 0; i < rank; ++i) shape.push_back(sizes[random() % (rank > 3 ? 5 : 7)]);
    const DType dtypes[] = {DType::kUInt8, DType::kFloat16, DType::kFloat32, DType::kFloat64};
    Case c;
    DType dtype = dtypes[round % 4];
    int64_t ignored = 0;
    c.from = random_view(random, dtype, shape, true, c.from_offset, c.from_elements);
    c.to = random_view(random, dtype, shape, false, ignored, c.to_elements);
    visit_size(dtype_size(dtype), [&]<class T>() { check<T>(c); });
    if (HasFatalFailure()) return;
  }
}

TEST(CopyPlan, ToMemoryJustBehindItsSourceInAPage) {
  constexpr int64_t kRows = 3, kColumns = 997, kGap = 1024;  // of float32: rows begin at pages
  alignas(4096) static float from[kRows * kGap], to[(kRows + 1) * kGap];
  std::iota(std::begin(from), std::end(from), 1.0f);
  TensorMeta rows = dense_meta(DType::kFloat32, {kRows, kColumns});
  rows.strides = {kGap, 1};
  for (int64_t ahead : {0, 1, 3, 15, 16}) {
    std::fill(std::begin(to), std::end(to), 0.0f);
    run_copy_plan(plan_copy(rows, 0, rows), from, to + ahead);
    for (int64_t i = 0; i < static_cast<int64_t>(std::size(to)); ++i) {
      const int64_t column = i % kGap - ahead;
      const bool copied = i < kRows * kGap && column >= 0 && column < kColumns;
      ASSERT_EQ(to[i], copied ? from[i - ahead] : 0.0f) << ahead << " " << i;
    }
  }
}

TEST(CopyPlan, MergesAxesThatLieTogether) {
  TensorMeta dense = dense_meta(DType::kFloat32, {4, 5, 6});
  CopyPlan plan = plan_copy(dense, 0, dense);
  EXPECT_EQ(plan.shape, (Shape{120}));
  EXPECT_EQ(plan.inner, CopyPlan::Inner::kMove);
  TensorMeta transposed = dense_meta(DType::kFloat32, {4, 5, 6});
  transposed.strides = {30, 1, 5};
  EXPECT_EQ(plan_copy(transposed, 0, dense).inner, CopyPlan::Inner::kTranspose);
}

TEST(CopyPlan, NothingToCopy) {
  TensorMeta empty = dense_meta(DType::kFloat32, {3, 0});
  run_copy_plan(plan_copy(empty, 0, empty), nullptr, nullptr);
}

TEST(ReshapeView, OnlyWhereTheMemoryAllows) {
  TensorMeta meta = dense_meta(DType::kFloat32, {2, 3, 4});
  EXPECT_EQ(reshape_view(meta, {}, {6, 4})->strides, (Strides{4, 1}));
  meta.strides = {24, 8, 1};  // rows cut out of longer ones
  EXPECT_EQ(reshape_view(meta, {}, {6, 4})->strides, (Strides{8, 1}));
  EXPECT_EQ(reshape_view(meta, {}, {6, 2, 2})->strides, (Strides{8, 2, 1}));
  EXPECT_FALSE(reshape_view(meta, {}, {24}));
  EXPECT_FALSE(reshape_view(meta, {}, {2, 12}));
  meta.strides = {0, 4, 1};  // broadcast
  EXPECT_EQ(reshape_view(meta, {}, {2, 12})->strides, (Strides{0, 1}));
  EXPECT_FALSE(reshape_view(meta, {}, {6, 4}));
  TensorMeta column = dense_meta(DType::kFloat32, {3, 1});
  column.strides = {5, 1};
  EXPECT_EQ(reshape_view(column, {}, {1, 3, 1, 1})->shape, (Shape{1, 3, 1, 1}));
  EXPECT_EQ(reshape_view(column, {}, {3})->strides, (Strides{5}));
}

}  // namespace
}  // namespace miai
