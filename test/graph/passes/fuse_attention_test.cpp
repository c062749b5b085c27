#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kFuse = then_clean<fuse_attention>;

const std::string kHead =
    "func @main(%0 q: float32[2, n, 64], %1 k: float32[2, m, 64], %2 v: float32[2, m, 32], %3 keep: bool[n, "
    "m], "
    "%4 bias: float32[m]) {\n    const %30: float32[] = [8.0]\n    const %31: float32[] = [-inf]\n"
    "    const %32: float32[] = [0.0]\n";

/// Lines from the query to the scores %9, then from softmax's input to the result %20.
std::string by_hand(const std::string& lines, const std::string& returns = "%20") {
  return kHead + lines + "    return " + returns + "\n  }";
}

std::string product(const std::string& query, const std::string& number = "%9") {
  return "    " + number + " = matmul(" + query + ", %1) {transpose_b=True}: float32[2, n, m]\n";
}
std::string weighted(const std::string& scores, const std::string& softmax = "{axis=-1}") {
  return "    %19 = softmax(" + scores + ") " + softmax +
         ": float32[2, n, m]\n    %20 = matmul(%19, %2): float32[2, n, 32]\n";
}

std::string fused(const std::string& inputs, const std::string& attrs) {
  return "func @main(%0 q: float32[2, n, 64], %1 k: float32[2, m, 64], %2 v: float32[2, m, 32], %3 keep: "
         "bool[n, "
         "m], %4 bias: float32[m]) {\n    %20 = fused_attention(" +
         inputs + ")" + attrs + ": float32[2, n, 32]\n    return %20\n  }";
}

TEST(FuseAttention, KnowsWhereTheScaleStands) {
  expect_pass(kFuse, by_hand(product("%0") + weighted("%9")), fused("%0, %1, %2, none, none", ""));
  expect_pass(kFuse, by_hand("    %8 = div(%0, %30): float32[2, n, 64]\n" + product("%8") + weighted("%9")),
              fused("%0, %1, %2, none, none", " {scale=0.125}"));
  expect_pass(
      kFuse,
      by_hand("    %8 = mul(%30, %0): float32[2, n, 64]\n" + product("%8") + weighted("%9", "{axis=2}")),
      fused("%0, %1, %2, none, none", " {scale=8.0}"));
  expect_pass(kFuse, by_hand(product("%0") + "    %10 = div(%9, %30): float32[2, n, m]\n" + weighted("%10")),
              fused("%0, %1, %2, none, none", " {scale=0.125}"));
}

TEST(FuseAttention, KeysMayBeTransposedAlready) {
  expect_pass(kFuse,
              R"(func @main(%0 q: float32[2, n, 64], %1 k: float32[2, 64, m], %2 v: float32[2, m, 32]) {
    %3 = matmul(%0, %1): float32[2, n, m]
    %4 = softmax(%3) {axis=-1}: float32[2, n, m]
    %5 = matmul(%4, %2): float32[2, n, 32]
    return %5
  })",
              R"(func @main(%0 q: float32[2, n, 64], %1 k: float32[2, 64, m], %2 v: float32[2, m, 32]) {
    %3 = transpose(%1) {pattern=[0, 2, 1]}: float32[2, m, 64]
    %4 = fused_attention(%0, %3, %2, none, none): float32[2, n, 32]
    return %4
  })");
}

TEST(FuseAttention, TakesMasks) {
  expect_pass(kFuse,
              by_hand(product("%0") + "    %10 = where(%3, %9, %31): float32[2, n, m]\n" + weighted("%10")),
              fused("%0, %1, %2, %3, none", ""));
  expect_pass(kFuse, by_hand(product("%0") + "    %10 = add(%4, %9): float32[2, n, m]\n" + weighted("%10")),
              fused("%0, %1, %2, none, %4", ""));
  expect_pass(kFuse,
              by_hand(product("%0") + "    %10 = where(%3, %9, %30): float32[2, n, m]\n" +
                      "    %11 = add(%10, %4): float32[2, n, m]\n" + weighted("%11")),
              fused("%0, %1, %2, %3, %4", " {fill=8.0}"));
}

/// What scaled_dot_product_attention with a mask is lowered to.
std::string of_the_living(const std::string& number) {
  return product("%0") + "    %10 = where(%3, %9, %31): float32[2, n, m]\n" +
         "    %11 = max(%10) {axis=[-1], keepdims=True}: float32[2, n, 1]\n" + "    %12 = equal(%11, " +
         number + "): bool[2, n, 1]\n" + "    %13 = where(%12, %32, %10): float32[2, n, m]\n" +
         "    %14 = softmax(%13) {axis=-1}: float32[2, n, m]\n" +
         "    %15 = where(%12, %32, %14): float32[2, n, m]\n    %20 = matmul(%15, %2): float32[2, n, 32]\n";
}

TEST(FuseAttention, KnowsQueriesWithoutAKey) {
  expect_pass(kFuse, by_hand(of_the_living("%31")), fused("%0, %1, %2, %3, none", " {zeroes_dead=True}"));
  expect_unchanged(kFuse, by_hand(of_the_living("%30")));
}

TEST(FuseAttention, StaysWhereSomebodyReadsTheWeights) {
  expect_unchanged(kFuse, by_hand(product("%0") + weighted("%9"), "%20, %19"));
  expect_unchanged(kFuse, by_hand(product("%0") + weighted("%9"), "%20, %9"));
}

TEST(FuseAttention, StaysWhereItIsSomethingElse) {
  expect_unchanged(kFuse, by_hand(product("%0") + weighted("%9", "{axis=1}")));
  expect_unchanged(kFuse,
                   R"(func @main(%0 q: float32[2, n, 64], %1 k: float32[64, m], %2 v: float32[2, m, 32]) {
    %3 = matmul(%0, %1): float32[2, n, m]
    %4 = softmax(%3) {axis=-1}: float32[2, n, m]
    %5 = matmul(%4, %2): float32[2, n, 32]
    return %5
  })");
  expect_unchanged(kFuse,
                   R"(func @main(%0 q: float64[2, n, 64], %1 k: float64[2, m, 64], %2 v: float64[2, m, 32]) {
    %3 = matmul(%0, %1) {transpose_b=True}: float64[2, n, m]
    %4 = softmax(%3) {axis=-1}: float64[2, n, m]
    %5 = matmul(%4, %2): float64[2, n, 32]
    return %5
  })");
}

TEST(FuseAttention, StaysWhereTheWeightsAreSmall) {
  auto with = [](const std::string& queries) {
    return "func @main(%0 q: float32[2, " + queries +
           ", 64], %1 k: float32[2, 1024, 64], %2 v: float32[2, 1024, 32]) {\n    %3 = matmul(%0, %1) "
           "{transpose_b=True}: float32[2, " +
           queries + ", 1024]\n    %4 = softmax(%3) {axis=-1}: float32[2, " + queries +
           ", 1024]\n    %5 = matmul(%4, %2): float32[2, " + queries + ", 32]\n    return %5\n  }";
  };
  expect_unchanged(kFuse, with("1"));
  EXPECT_NE(to_text(*kFuse(*parse_function(with("1024")), {})).find("fused_attention"), std::string::npos);
}

}  // namespace
}  // namespace miai
