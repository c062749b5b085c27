#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kFuse = then_clean<fuse_batch_norm>;

// The states' new values come from the fused operator too.
TEST(FuseBatchNorm, TakesTheActivation) {
  expect_pass(
      kFuse,
      R"(func @main(%0 x: float32[n, 3, 8, 8]) state(%1 mean: float32[3] -> %4, %2 var: float32[3] -> %5) {
    %3, %4, %5, %6, %7 = batch_norm(%0, %1, %2, none, none) {training=True}: float32[n, 3, 8, 8], float32[3], float32[3], float32[3], float32[3]
    %8 = relu(%3): float32[n, 3, 8, 8]
    return %8
  })",
      R"(func @main(%0 x: float32[n, 3, 8, 8]) state(%1 mean: float32[3] -> %4, %2 var: float32[3] -> %5) {
    %3, %4, %5, %6, %7 = batch_norm_act(%0, %1, %2, none, none, none) {training=True, activation='relu'}: float32[n, 3, 8, 8], float32[3], float32[3], float32[3], float32[3]
    return %3
  })");
}

TEST(FuseBatchNorm, TakesASumBetween) {
  expect_pass(kFuse,
              R"(func @main(%0 x: float32[2, 3, 8, 8], %1 z: float32[2, 3, 8, 8]) {
    %3, %4, %5, %6, %7 = batch_norm(%0, none, none, none, none) {training=True}: float32[2, 3, 8, 8], float32[3], float32[3], float32[3], float32[3]
    %8 = add(%1, %3): float32[2, 3, 8, 8]
    %9 = relu6(%8): float32[2, 3, 8, 8]
    return %9, %6
  })",
              R"(func @main(%0 x: float32[2, 3, 8, 8], %1 z: float32[2, 3, 8, 8]) {
    %3, %4, %5, %6, %7 = batch_norm_act(%0, none, none, none, none, %1) {training=True, activation='relu6'}: float32[2, 3, 8, 8], float32[3], float32[3], float32[3], float32[3]
    return %3, %6
  })");
}

TEST(FuseBatchNorm, StaysWhereStatisticsAreReadBefore) {
  expect_unchanged(kFuse,
                   R"(func @main(%0 x: float32[2, 3]) {
    %3, %4, %5, %6, %7 = batch_norm(%0, none, none, none, none) {training=True}: float32[2, 3], float32[3], float32[3], float32[3], float32[3]
    %8 = add(%0, %6): float32[2, 3]
    %9 = add(%3, %8): float32[2, 3]
    %10 = relu(%9): float32[2, 3]
    return %10
  })");
}

TEST(FuseBatchNorm, StaysWhereTheResultIsReadElsewhere) {
  expect_unchanged(kFuse,
                   R"(func @main(%0 x: float32[2, 3]) {
    %3, %4, %5, %6, %7 = batch_norm(%0, none, none, none, none) {training=True}: float32[2, 3], float32[3], float32[3], float32[3], float32[3]
    %8 = relu(%3): float32[2, 3]
    return %8, %3
  })");
}

// The gradient of the activation goes into that of batch_norm, which reads x alone.
TEST(FuseBatchNorm, TakesTheGradientOfTheActivation) {
  expect_pass(kFuse,
              R"(func @main(%0 x: float32[2, 3], %1 dy: float32[2, 3], %2 w: float32[3], %3 b: float32[3]) {
    const %10: float32[] = [0.0]
    %4, %5, %6, %7, %8 = batch_norm(%0, none, none, %2, %3) {training=True}: float32[2, 3], float32[3], float32[3], float32[3], float32[3]
    %9 = relu(%4): float32[2, 3]
    %11 = greater(%9, %10): bool[2, 3]
    %12 = where(%11, %1, %10): float32[2, 3]
    %13, %14, %15 = batch_norm_backward(%12, %0, %2, %7, %8) {training=True}: float32[2, 3], float32[3], float32[3]
    return %9, %13, %14, %15
  })",
              R"(func @main(%0 x: float32[2, 3], %1 dy: float32[2, 3], %2 w: float32[3], %3 b: float32[3]) {
    %4, %5, %6, %7, %8 = batch_norm_act(%0, none, none, %2, %3, none) {training=True, activation='relu'}: float32[2, 3], float32[3], float32[3], float32[3], float32[3]
    %9, %10, %11 = batch_norm_act_backward(%1, %0, %2, %7, %8, %3) {training=True, activation='relu'}: float32[2, 3], float32[3], float32[3]
    return %4, %9, %10, %11
  })");
}

}  // namespace
}  // namespace miai
