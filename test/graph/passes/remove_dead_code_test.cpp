#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;

TEST(RemoveDeadCode, WhatNobodyReadsGoes) {
  expect_pass(remove_dead_code, R"(func @main(%0 x: float32[4]) state(%1 w: float32[4] -> %3) {
    const %9: float32[4] = [1.0, 2.0, 3.0, 4.0]
    %2 = toy_heavy(%0): float32[4]
    %3 = toy_heavy(%1): float32[4]
    %4 = toy_add(%2, %9): float32[4]
    %5, %6 = toy_halves(%0): float32[2], float32[2]
    return %6
  })",
              R"(func @main(%0 x: float32[4]) state(%1 w: float32[4] -> %2) {
    %2 = toy_heavy(%1): float32[4]
    %3, %4 = toy_halves(%0): float32[2], float32[2]
    return %4
  })",
              0);
}

TEST(RemoveDeadCode, EffectsAndWhatTheyReadStay) {
  expect_unchanged(remove_dead_code, R"(func @main(%0 x: float32[4]) {
    %1 = toy_heavy(%0): float32[4]
    toy_effect(%1)
    return
  })");
}

TEST(RemoveDeadCode, InputsAndStatesKeepTheirPlaces) {
  expect_unchanged(
      remove_dead_code,
      "func @main(%0 x: float32[4], %1 y: float32[2]) state(%2 w: float32[4], %3 v: float32[1]) {"
      " return %1 }");
}

}  // namespace
}  // namespace miai
