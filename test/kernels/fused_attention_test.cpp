// Attention by blocks: heads that lie anywhere, masks, blocks that nobody sees; on every instruction set.
#include "kernels/common/attrs/fused_attention.h"

#include "kernels/common/parallel.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Case {
  Shape batch;
  int64_t queries, keys, features, out;

  Shape of(int64_t rows, int64_t columns) const {
    Shape shape = batch;
    shape.push_back(rows), shape.push_back(columns);
    return shape;
  }
};

// Panels and blocks that are not full, several tasks a head, several blocks of keys, none at all.
const Case kCases[] = {{{2, 3}, 37, 45, 16, 24}, {{1}, 300, 500, 20, 8}, {{}, 1, 700, 33, 5},
                       {{4}, 256, 240, 64, 64},  {{2}, 5, 0, 4, 3},      {{0}, 5, 3, 4, 3}};

/// Features apart from each other, as heads cut from one projection are.
Tensor heads(const Shape& shape, std::mt19937& rng) {
  std::vector<int> order;
  for (int d = 0; d < shape.size(); ++d) order.push_back(d);
  if (order.size() > 2) std::swap(order[order.size() - 3], order[order.size() - 2]);
  return Tensor::random(DType::kFloat32, shape, rng, order);
}

Tensor causal(int64_t queries, int64_t keys) {
  Tensor keep = Tensor::zeros(DType::kBool, {queries, keys});
  for (int64_t i = 0; i < queries; ++i)
    for (int64_t j = 0; j <= std::min(i, keys - 1); ++j) keep.set(i * keys + j, 1);
  return keep;
}

Call make_call(const Case& c, const FusedAttentionAttrs& attrs, std::mt19937& rng) {
  return {"fused_attention",
          make_attrs(attrs),
          {heads(c.of(c.queries, c.features), rng), heads(c.of(c.keys, c.features), rng),
           heads(c.of(c.keys, c.out), rng)},
          {dense_meta(DType::kFloat32, c.of(c.queries, c.out))}};
}

constexpr double kFactor = 200;

TEST(FusedAttention, AgreesWithTheReference) {
  std::mt19937 rng(41);
  for (const Case& c : kCases)
    for_each_isa(
        [&](const std::string& isa) { check_kernels(make_call(c, {.scale = 0.3}, rng), kFactor, isa); });
}

TEST(FusedAttention, MasksAsTheReferenceDoes) {
  std::mt19937 rng(42);
  for (const Case& c : kCases)
    for_each_isa([&](const std::string& isa) {
      Call call = make_call(c, {.scale = 0.5, .zeroes_dead = true}, rng);
      call.inputs.push_back(causal(c.queries, c.keys));
      check_kernels(call, kFactor, isa + " causal");
      call.inputs.push_back(Tensor::random(DType::kFloat32, {c.keys}, rng));
      check_kernels(call, kFactor, isa + " causal and a bias of the keys");
      call.inputs[3] = Tensor::absent();
      call.inputs[4] = Tensor::random(DType::kFloat32, c.of(c.queries, 1), rng);
      check_kernels(call, kFactor, isa + " a bias of the queries");
    });
}

TEST(FusedAttention, QueriesWithoutAKeyAreZeroOrNoNumber) {
  std::mt19937 rng(43);
  const Case c{{2}, 40, 300, 8, 6};
  for (bool zeroes : {true, false}) {
    Call call = make_call(c, {.zeroes_dead = zeroes}, rng);
    Tensor keep = Tensor::zeros(DType::kBool, {c.queries, c.keys});
    keep.set(7 * c.keys + 299, 1);
    call.inputs.push_back(keep);
    EXPECT_GT(check_kernels(call, kFactor, "one key"), 0);
    const double first =
        PreparedKernel(*KernelTable::global().find(DeviceKind::kCpu, call.op)[0], call).run()[0].at(0);
    EXPECT_TRUE(zeroes ? first == 0 : std::isnan(first));
    call.attrs = make_attrs(FusedAttentionAttrs{.fill = -1e9, .zeroes_dead = zeroes});
    check_kernels(call, kFactor, "filled");
  }
}

TEST(FusedAttention, LargeScoresDoNotOverflowAndNotANumberStays) {
  std::mt19937 rng(44);
  const Case c{{1}, 33, 300, 4, 5};
  Call call = make_call(c, {.scale = 4e4}, rng);
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, call.op)) {
    const Tensor out = PreparedKernel(*kernel, call).run()[0];
    for (int64_t i = 0; i < out.view().size(); ++i) ASSERT_TRUE(std::isfinite(out.at(i))) << kernel->name;
  }
  call.inputs[0].set(0, std::nan(""));
  check_kernels(call, 1e6, "not a number");
  call.inputs[0].set(0, kInfinity);
  for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, call.op))
    EXPECT_TRUE(std::isnan(PreparedKernel(*kernel, call).run()[0].at(0))) << kernel->name;
}

TEST(FusedAttention, TheNumberOfThreadsChangesNoBit) {
  std::mt19937 rng(45);
  const Call call = make_call({{3}, 600, 500, 12, 20}, {.scale = 0.3}, rng);
  const Kernel& kernel = *KernelTable::global().find(DeviceKind::kCpu, call.op)[0];
  std::vector<Tensor> expected;
  for (int threads : {1, 2, 5}) {
    ThreadCountScope scope(threads);
    const std::vector<Tensor> made = PreparedKernel(kernel, call).run();
    if (expected.empty()) expected = made;
    expect_close(made, expected, 0, std::to_string(threads) + " threads");
  }
}

}  // namespace
}  // namespace miai::test
