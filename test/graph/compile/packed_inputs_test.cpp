// Weights in the forms of their kernels: packed once, again for another value of the state, the same results.
#include <gtest/gtest.h>

#include "runtime/allocator.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;

// 5 channels go to a kernel of ours, 32 to oneDNN's where it is built in.
std::string convolution(int channels) {
  std::string c = std::to_string(channels);
  return "func @predict(%0 x: float32[2, " + c + ", 6, 6]) state(%1 w: float32[" + c + ", " + c +
         ", 3, 3]) {\n  %2 = conv2d(%0, %1) {padding=[1, 1]}: float32[2, " + c + ", 6, 6]\n  return %2\n}";
}

TensorRef ramp(const Shape& shape, int modulus) {
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  for (size_t i = 0; i < values.size(); ++i) {
    int centred = static_cast<int>(i) % modulus - modulus / 2;
    values[i] = static_cast<float>(centred) / 8;
  }
  return make_tensor(shape, values);
}

class PackedInputs : public ::testing::TestWithParam<int> {
 protected:
  int64_t channels = GetParam();
  Shape image{2, channels, 6, 6}, weight{channels, channels, 3, 3};
  Compiled packing{convolution(GetParam()), 1}, plain{convolution(GetParam()), 0};

  void expect_same(std::vector<StateSlot>& states) {
    std::vector<float> got = values_of(packing.run({ramp(image, 11)}, states)[0]);
    std::vector<float> expected = values_of(plain.run({ramp(image, 11)}, states)[0]);
    EXPECT_EQ(got, expected);
  }
};
INSTANTIATE_TEST_SUITE_P(Channels, PackedInputs, ::testing::Values(5, 32));

TEST_P(PackedInputs, AreMadeOnceAndGiveTheSameBits) {
  std::vector<StateSlot> states{kept(ramp(weight, 7))};
  expect_same(states);
  auto plan = packing.executable->plan(std::vector<Shape>{image});
  ASSERT_TRUE(plan->packed);
  auto first = plan->packed->get(nullptr, states, plan->constants);
  EXPECT_EQ(plan->packed->get(nullptr, states, plan->constants), first);
  EXPECT_NE(packing.executable->explain({image}).find("packed 0"), std::string::npos);
  EXPECT_GE(packing.executable->memory_report({image}).packed_bytes, channels * channels * 9 * 4);
  EXPECT_FALSE(plain.executable->plan(std::vector<Shape>{image})->packed);
}

TEST_P(PackedInputs, AnotherValueOfTheStateIsPackedAnew) {
  std::vector<StateSlot> states{kept(ramp(weight, 7))};
  expect_same(states);
  states[0].value = ramp(weight, 5);
  expect_same(states);
  packing.execution.release_memory();
  states[0].value = ramp(weight, 3);
  expect_same(states);
}

TEST_P(PackedInputs, HoldTheStateTheyWereMadeFrom) {
  TensorRef w = ramp(weight, 7);
  std::vector<StateSlot> states{kept(w)};
  packing.run({ramp(image, 11)}, states);
  states.clear();
  EXPECT_GT(w.storage->use_count(), 1);  // so that nobody overwrites it unnoticed
  packing.execution.release_memory();
  EXPECT_EQ(w.storage->use_count(), 1);
}

// The weight is made of a state, packed, and then given up; another batch size needs it again.
std::string folded(int channels) {
  std::string c = std::to_string(channels);
  return "func @predict(%0 x: float32[n, " + c + ", 6, 6]) state(%1 w: float32[" + c + ", " + c +
         ", 3, 3]) {\n  %2 = toy_scale(%1) {factor=2.0}: float32[" + c + ", " + c +
         ", 3, 3]\n  %3 = conv2d(%0, %2) {padding=[1, 1]}: float32[n, " + c + ", 6, 6]\n  return %3\n}";
}

class GivenUpWeights : public ::testing::TestWithParam<int> {
 protected:
  int64_t channels = GetParam();
  Shape weight{channels, channels, 3, 3};
  Compiled packing{folded(GetParam()), 1}, plain{folded(GetParam()), 0};

  void expect_same(Execution& execution, std::vector<StateSlot>& states, int64_t batch) {
    TensorRef x = ramp({batch, channels, 6, 6}, 11);
    EXPECT_EQ(values_of(execution.run({x}, states)[0]), values_of(plain.run({x}, states)[0])) << batch;
  }
};
INSTANTIATE_TEST_SUITE_P(Channels, GivenUpWeights, ::testing::Values(5, 32));

TEST_P(GivenUpWeights, AreMadeAgainForAnotherPlanAndAnotherState) {
  Execution other(packing.executable);
  std::vector<StateSlot> states{kept(ramp(weight, 7))};
  for (int64_t batch : {2, 2, 3, 2, 3}) expect_same(packing.execution, states, batch);
  expect_same(other, states, 4);
  states[0].value = ramp(weight, 5);
  for (int64_t batch : {3, 4, 2}) expect_same(packing.execution, states, batch);
  for (int64_t batch : {4, 2}) expect_same(other, states, batch);
  packing.execution.release_memory();
  for (int64_t batch : {2, 2, 4}) expect_same(packing.execution, states, batch);
}

TEST_P(GivenUpWeights, AreNotMadeAgainForPlansThatTakeTurns) {
  std::vector<StateSlot> states{kept(ramp(weight, 7))};
  for (int64_t batch : {2, 3, 2, 3}) expect_same(packing.execution, states, batch);
  TensorRef two = ramp({2, channels, 6, 6}, 11), three = ramp({3, channels, 6, 6}, 11);
  int64_t before = memory_stats({}).allocations;
  for (int i = 0; i < 3; ++i)
    for (const TensorRef& x : {two, three}) packing.execution.run({x}, states);
  EXPECT_LE(memory_stats({}).allocations - before, 6);  // the outputs
}

TEST_P(GivenUpWeights, ArePackedOnceForAllExecutions) {
  Execution other(packing.executable);
  std::vector<StateSlot> states{kept(ramp(weight, 7))}, same{states[0]};
  expect_same(packing.execution, states, 2);
  MemoryReport report = packing.executable->memory_report({{2, channels, 6, 6}});
  int64_t before = memory_stats({}).allocated;
  expect_same(other, same, 2);
  EXPECT_LT(memory_stats({}).allocated - before, report.arena_bytes + report.packed_bytes / 2);
}

TEST_P(GivenUpWeights, LeaveOnlyThePackedForm) {
  std::vector<StateSlot> states{kept(ramp(weight, 7))};
  expect_same(packing.execution, states, 2);
  int64_t before = memory_stats({}).allocated;
  packing.execution.release_memory();
  int64_t freed = before - memory_stats({}).allocated;
  MemoryReport report = packing.executable->memory_report({{2, channels, 6, 6}});
  EXPECT_LT(freed,
            report.packed_bytes + report.arena_bytes + 4096);  // else the unpacked weight was there too
}

TEST(PackedWeights, OfLinearLayersGiveTheSame) {
  constexpr std::string_view kLayers =
      R"(func @predict(%0 x: float32[9, 48]) state(%1 w: float32[40, 48], %2 b: float32[40], %3 v: float32[40, 33]) {
    %4 = linear(%0, %1, %2): float32[9, 40]
    %5 = relu(%4): float32[9, 40]
    %6 = matmul(%5, %3): float32[9, 33]
    return %6
  })";
  Compiled packing(kLayers, 2), plain(kLayers, 0);
  std::vector<StateSlot> states{kept(ramp({40, 48}, 7)), kept(ramp({40}, 5)), kept(ramp({40, 33}, 9))};
  for (int i = 0; i < 2; ++i) {
    std::vector<float> got = values_of(packing.run({ramp({9, 48}, 11)}, states)[0]);
    std::vector<float> expected = values_of(plain.run({ramp({9, 48}, 11)}, states)[0]);
    for (size_t k = 0; k < got.size(); ++k)
      EXPECT_NEAR(got[k], expected[k], 1e-4 * (1 + std::abs(expected[k])));
    states[0].value = ramp({40, 48}, 3);
    states[2].value = ramp({40, 33}, 13);
  }
}

TEST(PackedWeights, OfStatesThatTheStepWritesThereAreNone) {
  Compiled f(R"(func @step(%0 x: float32[2, 5, 6, 6]) state(%1 w: float32[5, 5, 3, 3] -> %3) {
    %2 = conv2d(%0, %1) {padding=[1, 1]}: float32[2, 5, 6, 6]
    %3 = toy_scale(%1) {factor=2.0}: float32[5, 5, 3, 3]
    return %2
  })",
             1);
  EXPECT_FALSE(f.executable->plan(std::vector<Shape>{{2, 5, 6, 6}})->packed);
}

}  // namespace
}  // namespace miai
