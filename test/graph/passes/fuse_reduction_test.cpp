#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kFuse = then_clean<fuse_reduction>;

TEST(FuseReduction, AProgramAndItsOnlyReaderBecomeOneOperator) {
  expect_pass(kFuse, R"(func @main(%0 x: float32[n, 4], %1 y: float32[n, 4]) {
    %2 = pointwise(%0, %1) {program='in:float32#0;in:float32#1;sub:float32,0,1;mul:float32,2,2>3|2'}: float32[n, 4]
    %3 = mean(%2): float32[]  # train.py:3
    return %3
  })",
              R"(func @main(%0 x: float32[n, 4], %1 y: float32[n, 4]) {
    %2 = pointwise_reduce(%0, %1) {program='in:float32#0;in:float32#1;sub:float32,0,1;mul:float32,2,2>3|2', reduction='mean'}: float32[]  # train.py:3
    return %2
  })");
}

TEST(FuseReduction, SoDoOneOperatorAndItsReader) {
  expect_pass(kFuse, R"(func @main(%0 x: float64[3, 4], %1 y: float64[4]) {
    %2 = mul(%0, %1): float64[3, 4]
    %3 = max(%2) {axis=[-1], keepdims=True}: float64[3, 1]
    return %3
  })",
              R"(func @main(%0 x: float64[3, 4], %1 y: float64[4]) {
    %2 = pointwise_reduce(%0, %1) {program='in:float64#0;in:float64#1;mul:float64,0,1>2|2', reduction='max', axis=[-1], keepdims=True}: float64[3, 1]
    return %2
  })");
}

TEST(FuseReduction, ElementsThatAreMadeOfIntegersAreFloats) {
  expect_pass(kFuse, R"(func @main(%0 x: int64[4]) {
    %1 = cast(%0) {dtype=float32}: float32[4]
    %2 = sum(%1): float32[]
    return %2
  })",
              R"(func @main(%0 x: int64[4]) {
    %1 = pointwise_reduce(%0) {program='in:int64#0;cast:float32,0>1|1', reduction='sum'}: float32[]
    return %1
  })");
}

TEST(FuseReduction, ColumnsOverSeveralAxesAreNeighboursBesideAxesOfOne) {
  FunctionPtr f = kFuse(*parse_function(R"(func @main(%0 x: float32[n, 1, 5, 4]) {
    %1 = exp(%0): float32[n, 1, 5, 4]
    %2 = sum(%1) {axis=[0, 2]}: float32[1, 4]
    return %2
  })"),
                        {});
  ASSERT_EQ(f->nodes.size(), 1u);
  EXPECT_EQ(f->nodes[0]->op->name, "pointwise_reduce");
}

TEST(FuseReduction, WhatOthersReadStaysAValue) {
  expect_unchanged(kFuse, R"(func @main(%0 x: float32[4]) {
    %1 = exp(%0): float32[4]
    %2 = sum(%1): float32[]
    %3 = softmax(%1) {axis=0}: float32[4]
    return %2, %3
  })");
}

TEST(FuseReduction, ResultsOfTheFunctionStayValues) {
  expect_unchanged(kFuse, R"(func @main(%0 x: float32[4]) {
    %1 = exp(%0): float32[4]
    %2 = sum(%1): float32[]
    return %1, %2
  })");
  expect_unchanged(kFuse, R"(func @main(%0 x: float32[4]) state(%1 w: float32[4] -> %2) {
    %2 = exp(%0): float32[4]
    %3 = sum(%2): float32[]
    return %3
  })");
}

TEST(FuseReduction, OtherDtypesReductionsAndAxesStayTwo) {
  expect_unchanged(kFuse, R"(func @main(%0 h: float16[4], %1 i: int64[4], %2 x: float32[2, 3, 4]) {
    %3 = exp(%0): float16[4]
    %4 = sum(%3): float16[]
    %5 = neg(%1): int64[4]
    %6 = sum(%5): int64[]
    %7 = exp(%2): float32[2, 3, 4]
    %8 = prod(%7): float32[]
    %9 = neg(%2): float32[2, 3, 4]
    %10 = sum(%9) {axis=[0, 2]}: float32[3]
    return %4, %6, %8, %10
  })");
}

TEST(FuseReduction, OneOfTwoOutputsStaysAValue) {
  expect_unchanged(kFuse, R"(func @main(%0 x: float32[4]) {
    %1, %2 = pointwise(%0) {program='in:float32#0;neg:float32,0;exp:float32,1>2,1|1'}: float32[4], float32[4]
    %3 = sum(%1): float32[]
    return %3, %2
  })");
}

}  // namespace
}  // namespace miai
