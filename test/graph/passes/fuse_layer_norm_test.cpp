#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kFuse = then_clean<fuse_layer_norm>;

/// Lines that make %9 of the mean of squares, whose constants are eps and others.
std::string by_hand(const std::string& constants, const std::string& lines) {
  return "func @main(%0 x: float32[n, 5, 8]) state(%1 w: float32[8], %2 b: float32[8]) {\n"
         "    const %20: float32[] = [0.25]\n" +
         constants +
         "    %3 = mean(%0) {axis=[-1], keepdims=True}: float32[n, 5, 1]\n"
         "    %4 = sub(%0, %3): float32[n, 5, 8]\n" +
         lines + "  }";
}

std::string fused(const std::string& inputs) {
  return "func @main(%0 x: float32[n, 5, 8]) state(%1 w: float32[8], %2 b: float32[8]) {\n"
         "    %3, %4, %5 = layer_norm(" +
         inputs +
         ") {normalized_shape=[8], eps=0.25}: float32[n, 5, 8], float32[n, 5, 1], float32[n, 5, 1]\n"
         "    return %3\n  }";
}

const std::string kVariance = R"(    %5 = square(%4): float32[n, 5, 8]
    %6 = mean(%5) {axis=[2], keepdims=True}: float32[n, 5, 1]
    %7 = add(%6, %20): float32[n, 5, 1]
)";

TEST(FuseLayerNorm, TakesAWeightAndABias) {
  expect_pass(kFuse, by_hand("", kVariance + R"(    %8 = sqrt(%7): float32[n, 5, 1]
    %9 = div(%4, %8): float32[n, 5, 8]
    %10 = mul(%1, %9): float32[n, 5, 8]
    %11 = add(%10, %2): float32[n, 5, 8]
    return %11
)"),
              fused("%0, %1, %2"));
}

TEST(FuseLayerNorm, NeedsNeither) {
  expect_pass(kFuse, by_hand("", kVariance + R"(    %8 = rsqrt(%7): float32[n, 5, 1]
    %9 = mul(%8, %4): float32[n, 5, 8]
    return %9
)"),
              fused("%0, none, none"));
}

TEST(FuseLayerNorm, KnowsPowersAndProducts) {
  expect_pass(kFuse,
              by_hand("    const %21: float32[] = [2.0]\n    const %22: float32[] = [0.5]\n",
                      R"(    %5 = pow(%4, %21): float32[n, 5, 8]
    %6 = mean(%5) {axis=[-1], keepdims=True}: float32[n, 5, 1]
    %7 = add(%20, %6): float32[n, 5, 1]
    %8 = pow(%7, %22): float32[n, 5, 1]
    %9 = div(%4, %8): float32[n, 5, 8]
    %10 = add(%9, %2): float32[n, 5, 8]
    return %10
)"),
              fused("%0, none, %2"));
  expect_pass(kFuse, by_hand("    const %21: float32[] = [1.0]\n", R"(    %5 = mul(%4, %4): float32[n, 5, 8]
    %6 = mean(%5) {axis=[-1], keepdims=True}: float32[n, 5, 1]
    %7 = add(%20, %6): float32[n, 5, 1]
    %8 = sqrt(%7): float32[n, 5, 1]
    %9 = div(%21, %8): float32[n, 5, 1]
    %10 = mul(%4, %9): float32[n, 5, 8]
    %11 = mul(%10, %1): float32[n, 5, 8]
    return %11
)"),
              fused("%0, %1, none"));
}

TEST(FuseLayerNorm, StaysWhereSomebodyReadsAPartOfIt) {
  expect_unchanged(kFuse, by_hand("", kVariance + R"(    %8 = sqrt(%7): float32[n, 5, 1]
    %9 = div(%4, %8): float32[n, 5, 8]
    return %9, %8
)"));
  expect_unchanged(kFuse, by_hand("", kVariance + R"(    %8 = sqrt(%7): float32[n, 5, 1]
    %9 = div(%4, %8): float32[n, 5, 8]
    return %9, %4
)"));
}

TEST(FuseLayerNorm, StaysWhereItIsAnotherNorm) {
  expect_unchanged(kFuse, by_hand("    const %21: float32[] = [3.0]\n",  // not the square
                                  R"(    %5 = pow(%4, %21): float32[n, 5, 8]
    %6 = mean(%5) {axis=[-1], keepdims=True}: float32[n, 5, 1]
    %7 = add(%20, %6): float32[n, 5, 1]
    %8 = sqrt(%7): float32[n, 5, 1]
    %9 = div(%4, %8): float32[n, 5, 8]
    return %9
)"));
  expect_unchanged(kFuse, by_hand("", R"(    %5 = square(%4): float32[n, 5, 8]
    %6 = mean(%5) {axis=[1, 2], keepdims=True}: float32[n, 1, 1]
    %7 = add(%6, %20): float32[n, 1, 1]
    %8 = sqrt(%7): float32[n, 1, 1]
    %9 = div(%4, %8): float32[n, 5, 8]
    return %9
)"));  // of other axes
}

}  // namespace
}  // namespace miai
