#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;

TEST(UseLowerings, TakesTheirValuesInPlaceOfTheOperators) {
  use_toy_ops();
  FunctionPtr f = parse_function(R"(func @main(%0 x: float32[n]) {
    %1 = toy_scale(%0) {factor=2.0}: float32[n]
    %2 = toy_heavy(%0): float32[n]
    %3 = toy_add(%2, %2): float32[n]
    return %3
  })");
  f->nodes[1]->lowered = {f->nodes[0]->outputs[0]};
  const std::string expected = R"(func @main(%0 x: float32[n]) {
    %1 = toy_scale(%0) {factor=2.0}: float32[n]
    %2 = toy_add(%1, %1): float32[n]
    return %2
  })";
  const std::string text = to_text(*parse_function(expected));
  EXPECT_EQ(to_text(*use_lowerings(*f)), text);
  EXPECT_EQ(to_text(*use_lowerings(*f->clone())), text);  // a copy keeps them
  FunctionPtr compiled = remove_dead_code(*f, {.opt_level = 0});
  EXPECT_EQ(compiled->nodes.front()->op->name, "toy_heavy");  // a plan does not
  EXPECT_EQ(use_lowerings(*compiled), nullptr);
}

}  // namespace
}  // namespace miai
