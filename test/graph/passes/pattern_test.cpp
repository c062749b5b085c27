#include "graph/passes/pattern.h"

#include "graph/ops/tables.h"
#include "kernels/common/error.h"
#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;

/// Applies one rule and leaves out what is dead.
std::string rewritten(const Rule& rule, std::string_view text) {
  use_toy_ops();
  FunctionPtr f = rewrite(*parse_function(text), std::span(&rule, 1));
  EXPECT_NO_THROW(verify(*f));
  return normal_text(*remove_dead_code(*f, {}));
}

Rule heavy_twice() {
  return {
      "heavy twice", node("toy_heavy", {node("toy_heavy", {any("x")}).read_once()}), {}, [](const Match& m) {
        return Vars{m.var("x")};
      }};
}

TEST(Pattern, ChainsCollapse) {
  EXPECT_EQ(rewritten(heavy_twice(), R"(func @f(%0: float32[2]) {
    %1 = toy_heavy(%0): float32[2]
    %2 = toy_heavy(%1): float32[2]
    %3 = toy_heavy(%2): float32[2]
    %4 = toy_heavy(%3): float32[2]
    return %4
  })"),
            normal_text("func @f(%0: float32[2]) { return %0 }"));
}

TEST(Pattern, WhatOthersReadIsNotSwallowed) {
  constexpr std::string_view text = R"(func @f(%0: float32[2]) {
    %1 = toy_heavy(%0): float32[2]
    %2 = toy_heavy(%1): float32[2]
    return %2, %1
  })";
  EXPECT_EQ(rewritten(heavy_twice(), text), normal_text(text));
}

TEST(Pattern, TheSameNameIsTheSameValueInEitherOrder) {
  Rule rule{"x + 2 x",
            node("toy_add", {node("toy_scale", {any("x")}).called("scale"), any("x")}).either_order(),
            [](const Match& m) { return m.node("scale").attrs.as<ToyScaleAttrs>().factor == 2; },
            [](const Match& m) {
              ToyScaleAttrs attrs;
              attrs.factor = 3;
              return Vars{emit1(find_op("toy_scale"), make_attrs(attrs), {m.var("x")})};
            }};
  EXPECT_EQ(rewritten(rule, R"(func @f(%0: float32[2], %1: float32[2]) {
    %2 = toy_scale(%0) {factor=2.0}: float32[2]
    %3 = toy_add(%2, %0): float32[2]  # a.py:1
    %4 = toy_add(%0, %2): float32[2]  # a.py:2
    %5 = toy_add(%1, %2): float32[2]
    return %3, %4, %5
  })"),
            normal_text(R"(func @f(%0: float32[2], %1: float32[2]) {
    %2 = toy_scale(%0) {factor=2.0}: float32[2]
    %3 = toy_scale(%0) {factor=3.0}: float32[2]  # a.py:1
    %4 = toy_scale(%0) {factor=3.0}: float32[2]  # a.py:2
    %5 = toy_add(%1, %2): float32[2]
    return %3, %4, %5
  })"));
}

TEST(Pattern, AReplacementOfAnotherTypeIsRefused) {
  Rule rule{"wrong", node("toy_halves", {any("x")}), {}, [](const Match& m) { return Vars{m.var("x")}; }};
  use_toy_ops();
  FunctionPtr f =
      parse_function("func @f(%0: float32[2]) { %1, %2 = toy_halves(%0): float32[1], float32[1] return %1 }");
  EXPECT_THROW(rewrite(*f, std::span(&rule, 1)), Error);
}

}  // namespace
}  // namespace miai
