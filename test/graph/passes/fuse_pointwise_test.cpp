#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kFuse = then_clean<fuse_pointwise>;

TEST(FusePointwise, ATreeOfOneShapeBecomesOneOperator) {
  expect_pass(kFuse, R"(func @main(%0 x: float32[n, 4], %1 y: float32[n, 4]) {
    %2 = mul(%0, %1): float32[n, 4]
    %3 = exp(%0): float32[n, 4]
    %4 = add(%2, %3): float32[n, 4]  # train.py:3
    return %4
  })",
              R"(func @main(%0 x: float32[n, 4], %1 y: float32[n, 4]) {
    %2 = pointwise(%0, %1) {program='in:float32#0;in:float32#1;mul:float32,0,1;exp:float32,0;add:float32,2,3>4|2'}: float32[n, 4]  # train.py:3
    return %2
  })");
}

TEST(FusePointwise, NumbersBecomePartOfTheProgram) {
  expect_pass(kFuse, R"(func @main(%0 x: float32[4]) {
    const %1: float32[] = [2.0]
    %2 = full() {shape=[4], value=0.5}: float32[4]
    %3 = mul(%0, %1): float32[4]
    %4 = sub(%3, %2): float32[4]
    return %4
  })",
              R"(func @main(%0 x: float32[4]) {
    %1 = pointwise(%0) {program='in:float32#0;const:float32#2#0;mul:float32,0,1;const:float32#0.5#0;sub:float32,2,3>4|1'}: float32[4]
    return %1
  })");
}

TEST(FusePointwise, ADiamondIsOneOperatorToo) {
  expect_pass(kFuse, R"(func @main(%0 x: float32[4]) {
    %1 = exp(%0): float32[4]
    %2 = neg(%1): float32[4]
    %3 = mul(%1, %2): float32[4]
    return %3
  })",
              R"(func @main(%0 x: float32[4]) {
    %1 = pointwise(%0) {program='in:float32#0;exp:float32,0;neg:float32,1;mul:float32,1,2>3|1'}: float32[4]
    return %1
  })");
}

TEST(FusePointwise, WhatOthersReadStaysAValue) {
  expect_unchanged(kFuse, R"(func @main(%0 x: float32[4]) state(%9 w: float32[4] -> %2) {
    %1 = exp(%0): float32[4]
    %2 = neg(%1): float32[4]
    %3 = sum(%1): float32[]
    return %3
  })");
}

// An optimizer's momentum is a result, and read by the update of the weight: one kernel writes both.
TEST(FusePointwise, WhatIsAlsoAResultBecomesASecondOutput) {
  expect_pass(kFuse, R"(func @main(%0 g: float32[4]) state(%1 w: float32[4] -> %4, %2 v: float32[4] -> %3) {
    %3 = add(%2, %0): float32[4]
    %4 = sub(%1, %3): float32[4]
    return
  })",
              R"(func @main(%0 g: float32[4]) state(%1 w: float32[4] -> %3, %2 v: float32[4] -> %4) {
    %3, %4 = pointwise(%2, %0, %1) {program='in:float32#0;in:float32#1;add:float32,0,1;in:float32#2;sub:float32,3,2>4,2|3'}: float32[4], float32[4]
    return
  })");
}

TEST(FusePointwise, OtherShapesAndHalvesStayValues) {
  expect_unchanged(kFuse, R"(func @main(%0 x: float32[4, 1], %1 y: float32[4, 5], %2 h: float16[4]) {
    %3 = exp(%0): float32[4, 1]
    %4 = mul(%3, %1): float32[4, 5]
    %5 = exp(%2): float16[4]
    %6 = neg(%5): float16[4]
    return %4, %6
  })");
}

TEST(FusePointwise, LongChainsAreCut) {
  use_toy_ops();
  std::string text = "func @main(%0 x: float32[4]";
  int inputs = 40;
  for (int i = 1; i < inputs; ++i) text += ", %" + std::to_string(i) + ": float32[4]";
  text += ") {\n";
  int last = 0;
  for (int i = 1; i < inputs; ++i) {
    text += "%" + std::to_string(inputs + i) + " = mul(%" + std::to_string(last) + ", %" + std::to_string(i) +
            "): float32[4]\n";
    last = inputs + i;
  }
  text += "return %" + std::to_string(last) + "\n}";
  FunctionPtr f = kFuse(*parse_function(text), {});
  EXPECT_GT(f->nodes.size(), 1u);
  EXPECT_LT(f->nodes.size(), 6u);
  EXPECT_NO_THROW(verify(*f));
}

}  // namespace
}  // namespace miai
