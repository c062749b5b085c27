// What instructions cost: operations and bytes.
#include <gtest/gtest.h>

#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;

std::vector<Instruction> instructions(std::string_view text, const std::vector<Shape>& shapes) {
  return Compiled(text).executable->plan(shapes)->instructions;
}

TEST(Cost, AMatrixProductCountsMultiplicationsAndAdditions) {
  auto found = instructions(R"(func @main(%0 a: float32[2, 3, 4], %1 b: float32[4, 5]) {
    %2 = matmul(%0, %1) {transpose_a=False, transpose_b=False}: float32[2, 3, 5]
    return %2
  })",
                            {{2, 3, 4}, {4, 5}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].flops, 2 * 2 * 3 * 4 * 5);
  EXPECT_EQ(found[0].bytes, 4 * (24 + 20 + 30));
}

TEST(Cost, APointwiseOperatorCountsItsInstructions) {
  auto found = instructions(R"(func @main(%0 x: float32[6]) {
    %1 = square(%0): float32[6]
    %2 = sigmoid(%1): float32[6]
    return %2
  })",
                            {{6}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].flops, 6);
  EXPECT_GE(found[1].flops, 3 * 6);  // exp, addition, division at least
  EXPECT_EQ(found[0].bytes, 2 * 4 * 6);
}

TEST(Cost, AReductionOfAProgramCountsBothForEachElement) {
  auto found = instructions(R"(func @main(%0 x: float32[3, 5], %1 y: float32[5]) {
    %2 = pointwise_reduce(%0, %1) {program='in:float32#0;in:float32#1;mul:float32,0,1>2|2', reduction='sum'}: float32[]
    return %2
  })",
                            {{3, 5}, {5}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].flops, 2 * 15);
  EXPECT_EQ(found[0].bytes, 4 * (15 + 5 + 1));
}

TEST(Cost, OthersCountBytesAlone) {
  auto found = instructions(R"(func @main(%0 x: float32[2, 8]) {
    %1 = softmax(%0) {axis=1}: float32[2, 8]
    return %1
  })",
                            {{2, 8}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].flops, 0);
  EXPECT_EQ(found[0].bytes, 2 * 4 * 16);
  EXPECT_GT(found[0].seconds, 0);
}

}  // namespace
}  // namespace miai
