#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "test/graph/common/toy_ops.h"

namespace miai {
namespace {

void expect_round_trip(std::string_view text) {
  testing::use_toy_ops();
  FunctionPtr f = parse_function(text);
  EXPECT_EQ(to_text(*f), text);
  EXPECT_EQ(to_text(*f->clone()), text);
  EXPECT_NO_THROW(verify(*f));
}

std::string parse_error(std::string_view text) {
  testing::use_toy_ops();
  try {
    parse_function(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kValue);
    return error.what();
  }
  return "no error";
}

TEST(Text, InputsStatesAndLines) {
  expect_round_trip(
      R"(func @main(%0 x: float32[4, 3], %1: float32[4, 3]) state(%2 fc.weight: float32[4, 3] -> %5, none count -> %4, %3 lr: float64[]) {
  %4 = toy_add(%0, %1): float32[4, 3]  # train.py:17
  %5 = toy_add(%4, %2): float32[4, 3]
  return %4 as sum, %0 as 'the input'
}
)");
}

TEST(Text, NumbersNeedNotBeDense) {
  expect_round_trip(R"(func @main(%7: float32[2]) {
  %3 = toy_heavy(%7): float32[2]
  return %3
}
)");
}

TEST(Text, SymbolsAndConditions) {
  expect_round_trip(R"(func @main(%0 x: float32[n, 3], %1 y: float32[m, 3]) {
  require n == m
  %2 = toy_add(%0, %1): float32[n, 3]
  %3, %4 = toy_halves(%2): float32[n // 2, 3], float32[n // 2, 3]
  return %3
}
)");
}

TEST(Text, AttributesOfEveryKind) {
  expect_round_trip(R"(func @main(%0 x: float32[n]) {
  %1 = toy_scale(%0) {factor=0.1, note='it\'s a "note"\\ with\nlines, and {braces}', tag=int64, size=n, list=[1, -2], dims=[n, 3], number=-2.5}: float32[n]
  %2 = toy_scale(%1) {factor=1e-30, size=7, number=n * 2 + 1}: float32[n]
  return %2
}
)");
}

TEST(Text, AbsentInputsAndNoOutputs) {
  expect_round_trip(R"(func @main(%0 x: float32[2]) {
  %1 = toy_optional(%0, none, %0): float32[2]
  toy_effect(%1)
  return
}
)");
  testing::use_toy_ops();
  FunctionPtr f = parse_function("func @f(%0: float32[2]) { %1 = toy_optional(%0): float32[2] return %1 }");
  EXPECT_EQ(f->nodes[0]->inputs.size(), 3u);  // equal calls are equal nodes
}

TEST(Text, ConstantsAndDevices) {
  expect_round_trip(R"(func @main(%0 x: float32[2]@cpu:1) {
  const %1 c: float32[2]@cpu:1 = [0.1, -inf]
  const %2: bool[] = [True]
  const %4: int64[0] = []
  const %5: float16[2, 1] = [1.5, 65504.0]
  %3 = toy_add(%0, %1): float32[2]@cpu:1
  return %3, %2, %4, %5
}
)");
}

TEST(Text, LargeConstantsAreNotReadBack) {
  Function f;
  std::vector<float> data(100, 1.0f);
  f.outputs.push_back(f.add_constant({DType::kFloat32, {100}, {}}, copy_constant(data.data(), 400)));
  EXPECT_NE(to_text(f).find("<400 bytes>"), std::string::npos);
  EXPECT_NE(parse_error(to_text(f)).find("expected '['"), std::string::npos);
}

TEST(Text, NestedFunctions) {
  expect_round_trip(R"(func @main(%0: float32[2]) {
  %1 = toy_heavy(%0): float32[2] do
    func @body(%0: float32[2]) {
      %1 = toy_heavy(%0): float32[2]
      return %1
    }
  end  # train.py:3
  return %1
}
)");
}

TEST(Text, ErrorsNameTheLine) {
  EXPECT_EQ(parse_error("func @f() {\n  %0 = toy_nothing(): float32[]\n  return\n}"),
            "line 2: no operator named 'toy_nothing'");
  EXPECT_EQ(parse_error("func @f() {\n  return %3\n}"), "line 2: %3 is used before it is defined");
  EXPECT_EQ(parse_error("func @f(%0: float32[2], %0: float32[2]) { return }"), "line 1: %0 is defined twice");
  EXPECT_EQ(parse_error("func @f(%0: float7[2]) { return }"), "line 1: expected a dtype, got 'float7'");
  EXPECT_NE(parse_error("func @f(%0: float32[2]) {\n\n %1 = toy_scale(%0) {factr=2.0}: float32[2] return }")
                .find("line 3: toy_scale has no attribute 'factr'"),
            std::string::npos);
  EXPECT_NE(parse_error("func @f(").find("expected"), std::string::npos);
  EXPECT_NE(parse_error("func @f(%99999999999: float32[1]) { return }").find("expected a number"),
            std::string::npos);
}

TEST(Text, NoPrefixOfATextCrashes) {
  testing::use_toy_ops();
  const std::string text = R"(func @main(%0 x: float32[n, 3]) state(%1 'a b': float32[3] -> %1) {
  require n != 4
  const %2: float32[1] = [1.0]
  %3 = toy_scale(%0) {note='x', list=[1, 2]}: float32[n, 3]  # a.py:1
  return %3 as y
})";
  for (size_t i = 0; i < text.size(); ++i) EXPECT_THROW(parse_function(text.substr(0, i)), Error) << i;
  EXPECT_NO_THROW(parse_function(text));
}

}  // namespace
}  // namespace miai
