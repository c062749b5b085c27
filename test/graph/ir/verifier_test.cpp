#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/common/error.h"
#include "test/graph/common/toy_ops.h"

namespace miai {
namespace {

FunctionPtr sample() {
  testing::use_toy_ops();
  return parse_function(R"(func @main(%0 x: float32[4]) state(%1 w: float32[4] -> %3) {
  %2 = toy_heavy(%0): float32[4]
  %3 = toy_add(%2, %1): float32[4]  # train.py:5
  return %3
})");
}

std::string error_of(const Function& function) {
  try {
    verify(function);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRuntime);
    return error.what();
  }
  return "valid";
}

TEST(Verifier, AcceptsWhatIsRight) { EXPECT_EQ(error_of(*sample()), "valid"); }

TEST(Verifier, ValueUsedBeforeItIsWritten) {
  FunctionPtr f = sample();
  std::swap(f->nodes[0], f->nodes[1]);
  EXPECT_EQ(error_of(*f),
            "function 'main' is not valid: the inputs of toy_add (train.py:5) read %2 before it is written");
}

TEST(Verifier, ForeignValue) {
  FunctionPtr f = sample(), other = sample();
  f->nodes[1]->inputs[0] = other->nodes[0]->outputs[0];
  EXPECT_EQ(error_of(*f),
            "function 'main' is not valid: the inputs of toy_add (train.py:5) read %2 of another function");
}

TEST(Verifier, TypeThatInferDoesNotGive) {
  FunctionPtr f = sample();
  f->nodes[0]->outputs[0]->type.shape = {Dim(5)};
  EXPECT_EQ(error_of(*f),
            "function 'main' is not valid: %2 = toy_heavy is declared float32[5], infer gives float32[4]");
}

TEST(Verifier, CallThatInferRefuses) {
  FunctionPtr f = sample();
  f->inputs[0]->type.dtype = DType::kInt64;
  EXPECT_NE(
      error_of(*f).find("toy_heavy of %2 is refused: toy_heavy: argument 'a': expected a floating dtype"),
      std::string::npos);
}

TEST(Verifier, StateWrittenTwice) {
  FunctionPtr f = sample();
  f->states.push_back(f->states[0]);
  EXPECT_NE(error_of(*f).find("%1 is written twice"), std::string::npos);
  f->states[1].input = nullptr;
  EXPECT_EQ(error_of(*f), "function 'main' is not valid: state 'w' is listed twice");
}

TEST(Verifier, SizesThatOnlyAConditionMakesEqual) {
  testing::use_toy_ops();
  const std::string head = "func @f(%0: float32[n], %1: float32[m]) {";
  const std::string tail = "%2 = toy_add(%0, %1): float32[n] return %2 }";
  EXPECT_EQ(error_of(*parse_function(head + " require n == m " + "\n" + tail)), "valid");
  EXPECT_NE(error_of(*parse_function(head + tail)).find("no recorded condition says"), std::string::npos);
}

}  // namespace
}  // namespace miai
