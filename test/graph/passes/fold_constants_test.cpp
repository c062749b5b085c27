#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;

TEST(FoldConstants, ChainsOfConstantsAreComputed) {
  expect_pass(fold_constants, R"(func @main(%0 x: float32[2]) {
    const %1: float32[2] = [1.0, 2.0]
    const %2: float32[2] = [10.0, 20.0]
    %3 = toy_add(%1, %2): float32[2]
    %4 = toy_heavy(%3): float32[2]
    %5 = toy_add(%0, %4): float32[2]
    return %5
  })",
              R"(func @main(%0 x: float32[2]) {
    const %1: float32[2] = [12.0, 23.0]
    %2 = toy_add(%0, %1): float32[2]
    return %2
  })");
}

TEST(FoldConstants, ViewsOfConstantsAreComputed) {
  expect_pass(fold_constants, R"(func @main() {
    const %0: float32[2, 2] = [1.0, 2.0, 3.0, 4.0]
    %1 = transpose(%0) {pattern=[1, 0]}: float32[2, 2]
    return %1
  })",
              "func @main() { const %0: float32[2, 2] = [1.0, 3.0, 2.0, 4.0] return %0 }");
}

TEST(FoldConstants, LargeResultsOfLittleAreNot) {
  expect_unchanged(fold_constants, R"(func @main() {
    const %0: float32[1] = [1.0]
    %1 = broadcast_to(%0) {shape=[100000]}: float32[100000]
    return %1
  })");
}

TEST(FoldConstants, EffectsAndStatesAreNot) {
  expect_unchanged(fold_constants, R"(func @main() state(%0 w: float32[1]) {
    const %1: float32[1] = [1.0]
    toy_effect(%1)
    %2 = toy_heavy(%0): float32[1]
    return %2
  })");
}

}  // namespace
}  // namespace miai
