// The update of an embedding's weight whose gradient is never made as a whole: the same bits, in place, and
// no state is written where an index is no row.
#include <gtest/gtest.h>

#include <random>

#include "kernels/common/error.h"
#include "kernels/common/parallel.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;
using Floats = std::vector<float>;

constexpr std::string_view kStep =
    R"(func @step(%0 dy: float32[m, n], %1 inp: int64[m], %2 x: float32[2]) state(%3 w: float32[30, n] -> %8, %4 v: float32[30, n] -> %7, %5 b: float32[2] -> %9) {
  %6 = embedding_backward(%0, %1) {num_embeddings=30, padding_idx=2}: float32[30, n]
  %7 = add(%4, %6): float32[30, n]
  %8 = sub(%3, %7): float32[30, n]
  %9 = add(%5, %2): float32[2]
  return
})";

TensorRef rows(const std::vector<int64_t>& values) {
  TensorRef ref = allocate_tensor(DType::kInt64, {static_cast<int64_t>(values.size())}, {});
  std::copy(values.begin(), values.end(), static_cast<int64_t*>(ref.data()));
  return ref;
}

struct Result {
  Floats w, v;
};

/// Two steps of one state, with numbers that round, most of them for a few rows.
Result two_steps(int opt_level, int64_t indices, int64_t width) {
  std::mt19937 rng(5);
  auto numbers = [&](int64_t n) {
    Floats list(static_cast<size_t>(n));
    for (float& x : list) x = static_cast<float>(rng() % 2001) / 1000.0f - 1.0f;
    return list;
  };
  Compiled f(kStep, opt_level);
  std::vector<StateSlot> states{donated(make_tensor({30, width}, numbers(30 * width))),
                                donated(make_tensor({30, width}, numbers(30 * width))),
                                donated(make_tensor({2}, 0))};
  for (int step = 0; step < 2; ++step) {
    std::vector<int64_t> inp(static_cast<size_t>(indices));
    for (int64_t& row : inp) row = static_cast<int64_t>(rng() % 2 ? rng() % 4 : rng() % 30);
    f.run({make_tensor({indices, width}, numbers(indices * width)), rows(inp), make_tensor({2}, 1)}, states);
  }
  return {values_of(states[0].value), values_of(states[1].value)};
}

TEST(EmbeddingUpdate, TheSameBitsAsTheWholeGradientWithAnyNumberOfThreads) {
  for (auto [indices, width] : {std::pair<int64_t, int64_t>{7, 1}, {200, 700}, {0, 40}, {90, 511}}) {
    Result whole = two_steps(0, indices, width);
    for (int threads : {1, 2, 5}) {
      ThreadCountScope scope(threads);
      Result fused = two_steps(1, indices, width);
      EXPECT_EQ(fused.w, whole.w) << threads << " threads, rows of " << width;
      EXPECT_EQ(fused.v, whole.v) << threads << " threads, rows of " << width;
    }
  }
}

TEST(EmbeddingUpdate, WritesItsStatesInPlace) {
  Compiled f(kStep, 1);
  TensorRef w = make_tensor({30, 2}, 1), v = make_tensor({30, 2}, 2);
  std::vector<StateSlot> states{donated(w), donated(v), donated(make_tensor({2}, 0))};
  f.run({make_tensor({3, 2}, {1, 2, 3, 4, 5, 6}), rows({1, 0, 1}), make_tensor({2}, 1)}, states);
  EXPECT_EQ(states[0].value.storage, w.storage);
  EXPECT_EQ(states[1].value.storage, v.storage);
  Floats momentum = values_of(v), weight = values_of(w);
  EXPECT_EQ(Floats(momentum.begin(), momentum.begin() + 6), (Floats{5, 6, 8, 10, 2, 2}));
  EXPECT_EQ(Floats(weight.begin(), weight.begin() + 6), (Floats{-4, -5, -7, -9, -1, -1}));
}

TEST(EmbeddingUpdate, AnIndexThatIsNoRowChangesNoState) {
  Compiled f(kStep, 1);
  TensorRef w = make_tensor({30, 2}, 1), v = make_tensor({30, 2}, 2), b = make_tensor({2}, 3);
  std::vector<StateSlot> states{donated(w), donated(v), donated(b)};
  try {
    f.run({make_tensor({2, 2}, 1), rows({1, 30}), make_tensor({2}, 1)}, states);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIndex);
    EXPECT_NE(std::string(error.what()).find("got 30"), std::string::npos) << error.what();
  }
  EXPECT_EQ(values_of(w), Floats(60, 1));
  EXPECT_EQ(values_of(v), Floats(60, 2));
  EXPECT_EQ(values_of(b), (Floats{3, 3}));
}

}  // namespace
}  // namespace miai
