#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kFuse = then_clean<fuse_activation>;

TEST(FuseActivation, ConvolutionTakesItsActivation) {
  expect_pass(kFuse,
              R"(func @main(%0 x: float32[n, 3, 8, 8]) state(%1 w: float32[4, 3, 3, 3], %2 b: float32[4]) {
    %3 = conv2d(%0, %1, %2) {padding=[1, 1]}: float32[n, 4, 8, 8]
    %4 = relu(%3): float32[n, 4, 8, 8]  # model.py:5
    return %4
  })",
              R"(func @main(%0 x: float32[n, 3, 8, 8]) state(%1 w: float32[4, 3, 3, 3], %2 b: float32[4]) {
    %3 = conv2d_bias_act(%0, %1, %2, none) {padding=[1, 1], activation='relu'}: float32[n, 4, 8, 8]  # model.py:5
    return %3
  })");
}

TEST(FuseActivation, ASumBetweenComesAlong) {
  expect_pass(kFuse, R"(func @main(%0 x: float32[n, 4, 8, 8]) state(%1 w: float32[4, 4, 3, 3]) {
    %2 = conv2d(%0, %1, none) {padding=[1, 1]}: float32[n, 4, 8, 8]
    %3 = add(%0, %2): float32[n, 4, 8, 8]
    %4 = relu(%3): float32[n, 4, 8, 8]
    return %4
  })",
              R"(func @main(%0 x: float32[n, 4, 8, 8]) state(%1 w: float32[4, 4, 3, 3]) {
    %2 = conv2d_bias_act(%0, %1, none, %0) {padding=[1, 1], activation='relu'}: float32[n, 4, 8, 8]
    return %2
  })");
}

TEST(FuseActivation, LinearTakesItsActivation) {
  expect_pass(kFuse, R"(func @main(%0 x: float32[n, 3]) state(%1 w: float32[5, 3], %2 b: float32[5]) {
    %3 = linear(%0, %1, %2): float32[n, 5]
    %4 = tanh(%3): float32[n, 5]
    return %4
  })",
              R"(func @main(%0 x: float32[n, 3]) state(%1 w: float32[5, 3], %2 b: float32[5]) {
    %3 = linear_bias_act(%0, %1, %2, none) {activation='tanh'}: float32[n, 5]
    return %3
  })");
}

TEST(FuseActivation, AResultThatIsReadElsewhereStays) {
  expect_unchanged(kFuse, R"(func @main(%0 x: float32[n, 3]) state(%1 w: float32[5, 3]) {
    %2 = linear(%0, %1, none): float32[n, 5]
    %3 = relu(%2): float32[n, 5]
    return %3, %2
  })");
}

}  // namespace
}  // namespace miai
