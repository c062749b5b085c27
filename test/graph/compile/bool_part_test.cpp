// What of a pointwise program can be said of one input in bools.
#include "graph/compile/bool_part.h"

#include <gtest/gtest.h>

#include "kernels/common/attrs/pointwise.h"

namespace miai {
namespace {

std::optional<BoolPart> part(const char* program, int input) {
  return bool_part(program_from_text(program), input);
}

TEST(BoolPart, TheGradientOfRelu) {
  auto split = part("in:float32#0;in:float32#1;const:float32#0#0;gt:bool,0,2;select:float32,3,1,2>4|2", 0);
  ASSERT_TRUE(split);
  EXPECT_EQ(program_to_text(split->bools[0]), "in:float32#0;const:float32#0#0;gt:bool,0,1>2|1");
  EXPECT_EQ(program_to_text(split->rest),
            "in:float32#1;const:float32#0#0;in:bool#0;select:float32,2,0,1>3|2");
}

TEST(BoolPart, TwoBoundsAreOneBool) {
  auto split = part(
      "in:float32#0;in:float32#1;const:float32#0#0;const:float32#6#0;gt:bool,1,2;lt:bool,1,3;and:bool,4,5;"
      "select:float32,6,0,2>7|2",
      1);
  ASSERT_TRUE(split);
  EXPECT_EQ(program_to_text(split->bools[0]),
            "in:float32#0;const:float32#0#0;const:float32#6#0;gt:bool,0,1;lt:bool,0,2;and:bool,3,4>5|1");
  EXPECT_EQ(program_to_text(split->rest),
            "in:float32#0;const:float32#0#0;in:bool#1;select:float32,2,0,1>3|2");
}

TEST(BoolPart, NoneWhereTheValueItselfIsRead) {
  const char* product =
      "in:float32#0;in:float32#1;const:float32#0#0;gt:bool,0,2;mul:float32,0,1;"
      "select:float32,3,4,2>5|2";
  EXPECT_FALSE(part(product, 0));
  EXPECT_FALSE(part(product, 1));
  EXPECT_FALSE(part("in:float32#0;in:float32#1;gt:bool,0,1;select:float32,2,0,1>3|2", 0));
}

TEST(BoolPart, SeveralBoolsAreFurtherInputs) {
  auto split = part(
      "in:float32#0;in:float32#1;const:float32#0#0;gt:bool,0,2;lt:bool,0,2;select:float32,3,1,2;"
      "select:float32,4,5,2>6|2",
      0);
  ASSERT_TRUE(split);
  ASSERT_EQ(split->bools.size(), 2u);
  EXPECT_EQ(program_to_text(split->bools[0]), "in:float32#0;const:float32#0#0;gt:bool,0,1>2|1");
  EXPECT_EQ(program_to_text(split->bools[1]), "in:float32#0;const:float32#0#0;lt:bool,0,1>2|1");
  EXPECT_EQ(
      program_to_text(split->rest),
      "in:float32#1;const:float32#0#0;in:bool#0;in:bool#2;select:float32,2,0,1;select:float32,3,4,1>5|3");
}

}  // namespace
}  // namespace miai
