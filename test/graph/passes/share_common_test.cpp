#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;

TEST(ShareCommon, EqualCallsBecomeOne) {
  expect_pass(share_common, R"(func @main(%0 x: float32[4]) {
    %1 = toy_scale(%0) {factor=2.0}: float32[4]
    %2 = toy_scale(%0) {factor=2.0}: float32[4]
    %3 = toy_scale(%0) {factor=3.0}: float32[4]
    %4, %5 = toy_halves(%1): float32[2], float32[2]
    %6, %7 = toy_halves(%2): float32[2], float32[2]
    %8 = toy_add(%4, %7): float32[2]
    return %8, %3
  })",
              R"(func @main(%0 x: float32[4]) {
    %1 = toy_scale(%0) {factor=2.0}: float32[4]
    %2 = toy_scale(%0) {factor=3.0}: float32[4]
    %3, %4 = toy_halves(%1): float32[2], float32[2]
    %5 = toy_add(%3, %4): float32[2]
    return %5, %2
  })");
}

TEST(ShareCommon, OrderOfInputsMatters) {
  expect_unchanged(share_common, R"(func @main(%0 x: float32[4], %1 y: float32[4]) {
    %2 = toy_add(%0, %1): float32[4]
    %3 = toy_add(%1, %0): float32[4]
    return %2, %3
  })");
}

TEST(ShareCommon, EqualSmallConstantsBecomeOne) {
  expect_pass(share_common, R"(func @main(%0 x: float32[]) {
    const %1: float32[] = [2.0]
    const %2: float32[] = [2.0]
    const %3: float32[] = [3.0]
    %4 = toy_add(%0, %1): float32[]
    %5 = toy_add(%0, %2): float32[]
    %6 = toy_add(%5, %3): float32[]
    return %4, %6
  })",
              R"(func @main(%0 x: float32[]) {
    const %1: float32[] = [2.0]
    const %2: float32[] = [3.0]
    %3 = toy_add(%0, %1): float32[]
    %4 = toy_add(%3, %2): float32[]
    return %3, %4
  })");
}

TEST(ShareCommon, EffectsHappenAsOftenAsWritten) {
  expect_unchanged(share_common, "func @f(%0: float32[2]) { toy_effect(%0) toy_effect(%0) return }");
}

}  // namespace
}  // namespace miai
