// Philox against the known answers of the Random123 distribution, and the numbers made of it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/common/attrs/random.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/random_values.h"
#include "test/kernels/isa_check.h"

namespace miai {
namespace {

using philox::Words;

TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox::block({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox::block({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox::block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, TicketsDiffer) {
  int64_t state[2] = {7, 5};
  EXPECT_EQ(philox::Ticket(state, 1, 3).words(11), philox::Ticket(7, 8).words(11));
  EXPECT_NE(philox::Ticket(7, 8).words(11), philox::Ticket(7, 9).words(11));
  EXPECT_NE(philox::Ticket(7, 8).words(11), philox::Ticket(8, 8).words(11));
  EXPECT_NE(philox::Ticket(7, 8).words(11), philox::Ticket(7, 8).words(12));
}

TEST(RandomValues, FunctionsAreExactToTheLastBits) {
  for (int i = 1; i <= 100000; i += 7) {
    double u = i / 100000.0;
    EXPECT_NEAR(philox::log_positive(u), std::log(u), 4e-16 * std::max(1.0, -std::log(u)));
    philox::SinCos angle = philox::sincos_turns(u);
    EXPECT_NEAR(angle.sin, std::sin(6.283185307179586 * u), 2e-15);
    EXPECT_NEAR(angle.cos, std::cos(6.283185307179586 * u), 2e-15);
  }
  EXPECT_NEAR(philox::log_positive(0x1p-53), std::log(0x1p-53), 1e-14);
}

TEST(RandomValues, UniformStaysBelowItsEnd) {
  Words most{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
  for (auto [low, high] : {std::pair{0.0, 1.0}, {-1.0, 0.0}, {100.0, 101.0}, {-3.0, -2.0}}) {
    EXPECT_LT(philox::uniform<float>(most, low, high)[0], high);
    EXPECT_LT(philox::uniform<double>(most, low, high)[0], high);
    EXPECT_LT(static_cast<float>(philox::uniform<Float16>(most, low, high)[0]), high);
    EXPECT_LT(static_cast<float>(philox::uniform<BFloat16>(most, low, high)[0]), high);
    EXPECT_GE(philox::uniform<float>({}, low, high)[0], low);
  }
}

template <class T>
std::vector<T> run(const std::string& name, DType dtype, int64_t count, const Attrs& attrs) {
  int64_t words[2] = {42, 3};
  TensorMeta state = dense_meta(DType::kInt64, {2}), out = dense_meta(dtype, {count});
  std::vector<T> values(static_cast<size_t>(count));
  TensorView inputs[] = {{state, words}}, outputs[] = {{out, values.data()}};
  KernelContext context;
  std::string op = name.substr(name.find('/') + 1);
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, op))
    if (kernel->name == name) kernel->run({attrs, nullptr, inputs, outputs, nullptr, context});
  return values;
}

template <class T>
void expect_same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  ASSERT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(T)), 0);
}

TEST(RandomKernels, FastOnesGiveTheBitsOfReferenceOnAnyNumberOfThreads) {
  if (KernelTable::global().find(DeviceKind::kCpu, "uniform").size() < 2) GTEST_SKIP() << "reference only";
  constexpr int64_t kCount = 20003;
  Attrs uniform = make_attrs(UniformAttrs{-1, 2, {kCount}, DType::kFloat32, 5});
  Attrs normal = make_attrs(NormalAttrs{1, 2, {kCount}, DType::kFloat64, 5});
  Attrs narrow_uniform = make_attrs(UniformAttrs{1, 1 + 0x1p-22, {kCount}, DType::kFloat32, 5});
  Attrs small_normal = make_attrs(NormalAttrs{1.1, 0.7, {kCount}, DType::kFloat32, 5});
  int threads = thread_count();
  for (int count : {1, 3}) {
    set_thread_count(count);
    test::for_each_isa([&](const std::string& isa) {
      SCOPED_TRACE(isa);
      expect_same_bits(run<float>("x86/normal", DType::kFloat32, kCount, small_normal),
                       run<float>("reference/normal", DType::kFloat32, kCount, small_normal));
      for (const Attrs& attrs : {uniform, narrow_uniform})
        expect_same_bits(run<float>("x86/uniform", DType::kFloat32, kCount, attrs),
                         run<float>("reference/uniform", DType::kFloat32, kCount, attrs));
    });
    expect_same_bits(run<double>("x86/normal", DType::kFloat64, kCount, normal),
                     run<double>("reference/normal", DType::kFloat64, kCount, normal));
  }
  set_thread_count(threads);
}

TEST(RandomKernels, MomentsOfTheDistributions) {
  constexpr int64_t kCount = 200000;
  auto moments = [](const std::vector<float>& values) {
    double mean = 0, variance = 0;
    for (float v : values) mean += v;
    mean /= static_cast<double>(values.size());
    for (float v : values) variance += (v - mean) * (v - mean);
    return std::pair{mean, variance / static_cast<double>(values.size())};
  };
  auto [mean, variance] = moments(run<float>("reference/normal", DType::kFloat32, kCount,
                                             make_attrs(NormalAttrs{3, 2, {kCount}, DType::kFloat32, 0})));
  EXPECT_NEAR(mean, 3, 0.02);
  EXPECT_NEAR(variance, 4, 0.05);
  std::tie(mean, variance) =
      moments(run<float>("reference/uniform", DType::kFloat32, kCount,
                         make_attrs(UniformAttrs{0, 6, {kCount}, DType::kFloat32, 0})));
  EXPECT_NEAR(mean, 3, 0.02);
  EXPECT_NEAR(variance, 3, 0.03);
}

TEST(RandomKernels, PermutationHoldsEveryNumberOnce) {
  auto values = run<int64_t>("reference/permutation", DType::kInt64, 1000,
                             make_attrs(PermutationAttrs{1000, DType::kInt64, 0}));
  std::vector<int64_t> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(sorted[static_cast<size_t>(i)], i);
  EXPECT_NE(values, sorted);
}

}  // namespace
}  // namespace miai
