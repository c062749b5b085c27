#include <gtest/gtest.h>

#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;
using Floats = std::vector<float>;

constexpr std::string_view kFolding = R"(func @predict(%0 x: float32[2]) state(%1 w: float32[2]) {
  const %2: float32[2] = [1.0, 2.0]
  %3 = toy_add(%1, %2): float32[2]
  %4 = toy_heavy(%3): float32[2]
  %5 = toy_add(%0, %4): float32[2]
  return %5
})";

class CountRuns : public InstructionObserver {
 public:
  int count = 0;
  void before(int, const Instruction&) override { ++count; }
};

TEST(Prepare, WhatDependsOnStatesAloneIsLeftOutOfTheStep) {
  Compiled f(kFolding, 1);
  EXPECT_EQ(f.executable->function().nodes.size(), 3u);
  CountRuns runs;
  f.execution.set_observer(&runs);
  std::vector<StateSlot> states{kept(make_tensor({2}, 10))};
  EXPECT_EQ(values_of(f.run({make_tensor({2}, 1)}, states)[0]), (Floats{13, 14}));
  EXPECT_EQ(runs.count, 1);
  EXPECT_EQ(f.executable->explain({{2}}).find("prepare:\n"), 0u);
}

TEST(Prepare, AnotherValueOfAStateIsSeen) {
  Compiled f(kFolding, 1);
  std::vector<StateSlot> states{kept(make_tensor({2}, 10))};
  f.run({make_tensor({2}, 1)}, states);
  states[0].value = make_tensor({2}, 20);
  EXPECT_EQ(values_of(f.run({make_tensor({2}, 1)}, states)[0]), (Floats{23, 24}));
  states[0].value = make_tensor({2}, 30);
  f.execution.release_memory();
  EXPECT_EQ(values_of(f.run({make_tensor({2}, 1)}, states)[0]), (Floats{33, 34}));
}

TEST(Prepare, TheStateItWasMadeFromIsHeld) {
  Compiled f(kFolding, 1);
  TensorRef w = make_tensor({2}, 10);
  std::vector<StateSlot> states{kept(w)};
  f.run({make_tensor({2}, 1)}, states);
  states.clear();
  EXPECT_GT(w.storage->use_count(), 1);  // so that nobody overwrites it unnoticed
  f.execution.release_memory();
  EXPECT_EQ(w.storage->use_count(), 1);
}

TEST(Prepare, ExecutionsShareIt) {
  Compiled f(kFolding, 1);
  Execution other(f.executable);
  TensorRef w = make_tensor({2}, 10);
  std::vector<StateSlot> states{kept(w)}, same{kept(w)};
  f.run({make_tensor({2}, 1)}, states);
  int before = w.storage->use_count();
  other.run({make_tensor({2}, 1)}, same);
  EXPECT_EQ(w.storage->use_count(), before);
}

TEST(Prepare, StatesThatTheStepWritesAreNotPrepared) {
  Compiled f(R"(func @step(%0 x: float32[2]) state(%1 w: float32[2] -> %3) {
    %2 = toy_heavy(%1): float32[2]
    %3 = toy_add(%2, %0): float32[2]
    return
  })",
             1);
  std::vector<StateSlot> states{donated(make_tensor({2}, 1))};
  f.run({make_tensor({2}, 1)}, states);
  f.run({make_tensor({2}, 1)}, states);
  EXPECT_EQ(values_of(states[0].value), (Floats{5, 5}));
}

TEST(Prepare, ViewsOfStatesCostNothingAndAreMadeInTheStep) {
  Compiled f(R"(func @predict(%0 x: float32[2, 1]) state(%1 w: float32[2]) {
    %2 = reshape(%1) {shape=[2, 1]}: float32[2, 1]
    %3 = toy_add(%0, %2): float32[2, 1]
    return %3
  })",
             1);
  EXPECT_EQ(f.executable->explain({{2, 1}}).find("prepare:"), std::string::npos);
  std::vector<StateSlot> states{kept(make_tensor({2}, 1))};
  EXPECT_EQ(values_of(f.run({make_tensor({2, 1}, 1)}, states)[0]), (Floats{2, 2}));
}

TEST(Prepare, NothingIsPreparedAtLevelZero) {
  Compiled f(kFolding, 0);
  EXPECT_EQ(f.executable->plan(std::vector<Shape>{{2}})->instructions.size(), 3u);
}

}  // namespace
}  // namespace miai
