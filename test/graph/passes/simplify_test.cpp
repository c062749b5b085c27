#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kSimplify = then_clean<simplify>;

TEST(Simplify, TransposesJoin) {
  expect_pass(kSimplify, R"(func @main(%0 x: float32[2, 3, n]) {
    %1 = transpose(%0) {pattern=[1, 2, 0]}: float32[3, n, 2]
    %2 = transpose(%1) {pattern=[1, 2, 0]}: float32[n, 2, 3]
    %3 = transpose(%2) {pattern=[1, 2, 0]}: float32[2, 3, n]
    return %2, %3
  })",
              R"(func @main(%0 x: float32[2, 3, n]) {
    %1 = transpose(%0) {pattern=[2, 0, 1]}: float32[n, 2, 3]
    return %1, %0
  })");
}

TEST(Simplify, ReversalsCancel) {
  expect_pass(kSimplify, R"(func @main(%0 x: float32[2, 3]) {
    %1 = transpose(%0): float32[3, 2]
    %2 = transpose(%1): float32[2, 3]
    return %2
  })",
              "func @main(%0 x: float32[2, 3]) { return %0 }");
}

TEST(Simplify, ReshapesJoin) {
  expect_pass(kSimplify, R"(func @main(%0 x: float32[n, 4]) {
    %1 = reshape(%0) {shape=[n, 2, 2]}: float32[n, 2, 2]
    %2 = reshape(%1) {shape=[4, n]}: float32[4, n]
    %3 = reshape(%2) {shape=[n, 4]}: float32[n, 4]
    %4 = broadcast_to(%3) {shape=[n, 4]}: float32[n, 4]
    return %2, %4
  })",
              R"(func @main(%0 x: float32[n, 4]) {
    %1 = reshape(%0) {shape=[4, n]}: float32[4, n]
    return %1, %0
  })");
}

TEST(Simplify, NeutralNumbersGo) {
  expect_pass(kSimplify, R"(func @main(%0 x: float32[n, 4], %1 i: int64[4]) {
    const %2: float32[] = [1.0]
    const %3: float32[] = [0.0]
    const %4: int64[] = [0]
    %5 = mul(%0, %2): float32[n, 4]
    %6 = mul(%2, %5): float32[n, 4]
    %7 = sub(%6, %3): float32[n, 4]
    %8 = div(%7, %2): float32[n, 4]
    %9 = add(%4, %1): int64[4]
    %10 = neg(%8): float32[n, 4]
    %11 = neg(%10): float32[n, 4]
    return %11, %9
  })",
              "func @main(%0 x: float32[n, 4], %1 i: int64[4]) { return %0, %1 }");
}

TEST(Simplify, WhatChangesABitOrTheTypeStays) {
  expect_unchanged(kSimplify, R"(func @main(%0 x: float32[4], %1 y: float32[], %2 i: int64[4]) {
    const %3: float32[] = [0.0]
    const %4: float32[4] = [1.0, 1.0, 1.0, 1.0]
    const %5: float32[] = [1.0]
    %6 = add(%0, %3): float32[4]
    %7 = mul(%1, %4): float32[4]
    %8 = mul(%2, %5): float32[4]
    return %6, %7, %8
  })");
}

TEST(Simplify, CastsThereAndBack) {
  expect_pass(kSimplify, R"(func @main(%0 x: float16[4], %1 y: float32[4]) {
    %2 = cast(%0) {dtype=float32}: float32[4]
    %3 = cast(%2) {dtype=float16}: float16[4]
    %4 = cast(%1) {dtype=float16}: float16[4]
    %5 = cast(%4) {dtype=float32}: float32[4]
    return %3, %5
  })",
              R"(func @main(%0 x: float16[4], %1 y: float32[4]) {
    %2 = cast(%1) {dtype=float16}: float16[4]
    %3 = cast(%2) {dtype=float32}: float32[4]
    return %0, %3
  })");
}

}  // namespace
}  // namespace miai
