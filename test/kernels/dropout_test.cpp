// dropout by the vector gives the bits of reference's, on each instruction set and any number of threads.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "kernels/common/attrs/random.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "test/kernels/isa_check.h"

namespace miai {
namespace {

struct Dropped {
  std::vector<float> y;
  std::vector<uint8_t> kept;
  std::vector<float> dx;
  bool operator==(const Dropped&) const = default;
};

void run(const std::string& backend, const std::string& op, const Attrs& attrs,
         std::span<const TensorView> inputs, std::span<const TensorView> outputs) {
  KernelContext context;
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op))
    if (kernel->name == backend + "/" + op) kernel->run({attrs, nullptr, inputs, outputs, nullptr, context});
}

/// Output, bits and gradient (of dy = x).
Dropped drop(const std::string& backend, int64_t count, double drop_prob) {
  auto size = static_cast<size_t>(count);
  std::vector<float> x(size);
  std::iota(x.begin(), x.end(), 1.0f);
  Dropped d{std::vector<float>(size), std::vector<uint8_t>((size + 7) / 8, 0xaa), std::vector<float>(size)};
  int64_t state[2] = {42, 3};
  TensorMeta row = dense_meta(DType::kFloat32, {count});
  TensorView kept{dense_meta(DType::kUInt8, {(count + 7) / 8}), d.kept.data()};
  TensorView forward[] = {{row, x.data()}, {dense_meta(DType::kInt64, {2}), state}},
             y[] = {{row, d.y.data()}, kept};
  run(backend, "dropout", make_attrs(DropoutAttrs{drop_prob, 5}), forward, y);
  TensorView backward[] = {{row, x.data()}, kept}, dx[] = {{row, d.dx.data()}};
  run(backend, "dropout_backward", make_attrs(DropoutBackwardAttrs{drop_prob}), backward, dx);
  return d;
}

TEST(Dropout, EachInstructionSetGivesTheBitsOfReferenceOnAnyNumberOfThreads) {
  if (KernelTable::global().find(DeviceKind::kCpu, "dropout").size() < 2) GTEST_SKIP() << "reference only";
  const int threads = thread_count();
  for (int64_t count : {1, 7, 8, 9, 15, 16, 17, 255, 256, 257, 200'003}) {
    for (double p : {0.0, 0.1, 0.5, 1.0}) {
      SCOPED_TRACE(testing::Message() << count << " elements, p = " << p);
      const Dropped expected = drop("reference", count, p);
      for (int number : {1, 3}) {
        set_thread_count(number);
        test::for_each_isa([&](const std::string& isa) {
          SCOPED_TRACE(isa);
          EXPECT_TRUE(drop("x86", count, p) == expected);
        });
      }
    }
  }
  set_thread_count(threads);
}

TEST(Dropout, KeepsTheRightShareAndItsGradientTheSameElements) {
  constexpr int64_t kCount = 100'003;
  const Dropped d = drop("reference", kCount, 0.3);
  EXPECT_EQ(d.y, d.dx);
  EXPECT_EQ(d.kept.back() >> 3, 0) << "bits after the last element";
  double zeros = 0;
  for (int64_t i = 0; i < kCount; ++i) {
    const bool kept = d.kept[static_cast<size_t>(i / 8)] >> (i % 8) & 1;
    EXPECT_EQ(d.y[static_cast<size_t>(i)] != 0, kept);
    zeros += !kept;
  }
  EXPECT_NEAR(zeros / kCount, 0.3, 5 * std::sqrt(0.3 * 0.7 / kCount));
}

}  // namespace
}  // namespace miai
