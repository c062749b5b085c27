#include "graph/ops/tables.h"
#include "kernels/common/error.h"
#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;

TEST(Lower, CompositesBecomeTheirParts) {
  expect_pass(lower, R"(func @main(%0 x: float32[n], %1 y: float32[n]) {
    %2 = toy_twice_plus(%0, %1): float32[n]  # train.py:8
    %3 = toy_heavy(%2): float32[n]
    return %3
  })",
              R"(func @main(%0 x: float32[n], %1 y: float32[n]) {
    %2 = toy_scale(%0) {factor=2.0}: float32[n]  # train.py:8
    %3 = toy_add(%2, %1): float32[n]  # train.py:8
    %4 = toy_heavy(%3): float32[n]
    return %4
  })",
              0);
}

TEST(Lower, WhatHasAKernelStays) {
  expect_unchanged(lower, "func @main(%0: float32[2]) { %1 = toy_heavy(%0): float32[2] return %1 }", 0);
}

TEST(Lower, EndlessLoweringIsAnError) {
  use_toy_ops();
  if (!OpTable::global().find("toy_endless")) {
    OpDef op;
    op.name = "toy_endless";
    op.inputs = {{"a"}};
    op.infer = [](InferContext& c) { c.output_like(0, c.input(0).shape); };
    op.lower = [](std::span<const Var> inputs, const Attrs&) -> Vars {
      return {emit1(find_op("toy_endless"), {}, {inputs[0]})};
    };
    OpTable::global().add(std::move(op));
  }
  FunctionPtr f = parse_function("func @f(%0: float32[2]) { %1 = toy_endless(%0): float32[2] return %1 }");
  EXPECT_THROW(lower(*f, {}), Error);
}

}  // namespace
}  // namespace miai
