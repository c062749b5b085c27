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

}  // namespace
}  // namespace miai
