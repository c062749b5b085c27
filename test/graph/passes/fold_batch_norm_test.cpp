#include "test/graph/compile/run_text.h"
#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kFold = then_clean<fold_batch_norm>;

constexpr std::string_view kNet =
    R"(func @predict(%0 x: float32[n, 2, 4, 4]) state(%1 w: float32[3, 2, 3, 3], %2 mean: float32[3], %3 var: float32[3], %4 g: float32[3], %5 b: float32[3]) {
  %6 = conv2d(%0, %1, none): float32[n, 3, 2, 2]
  %7, %8, %9, %10, %11 = batch_norm(%6, %2, %3, %4, %5): float32[n, 3, 2, 2], float32[3], float32[3], float32[3], float32[3]
  %12 = relu(%7): float32[n, 3, 2, 2]
  return %12
})";

TEST(FoldBatchNorm, WeightsTakeItIn) {
  use_toy_ops();
  FunctionPtr f = kFold(*parse_function(kNet), {});
  EXPECT_NO_THROW(verify(*f));
  for (const Node* node : f->nodes) EXPECT_NE(node->op->name, "batch_norm");
  const Node& conv = *f->outputs[0]->producer->inputs[0]->producer;
  EXPECT_EQ(conv.op->name, "conv2d");
  EXPECT_EQ(conv.inputs[0], f->inputs[0]);
  EXPECT_EQ(conv.inputs[1]->producer->op->name, "mul");
  ASSERT_NE(conv.inputs[2], nullptr);
}

TEST(FoldBatchNorm, NarrowWeightsAreFoldedInTheDtypeOfTheStatistics) {
  use_toy_ops();
  FunctionPtr f = kFold(
      *parse_function(
          R"(func @predict(%0 x: bfloat16[n, 2, 4, 4]) state(%1 w: bfloat16[3, 2, 3, 3], %2 mean: float32[3], %3 var: float32[3], %4 g: float32[3], %5 b: float32[3]) {
  %6 = conv2d(%0, %1, none): bfloat16[n, 3, 2, 2]
  %7, %8, %9, %10, %11 = batch_norm(%6, %2, %3, %4, %5): bfloat16[n, 3, 2, 2], float32[3], float32[3], float32[3], float32[3]
  return %7
})"),
      {});
  EXPECT_NO_THROW(verify(*f));
  const Node& conv = *f->outputs[0]->producer;
  ASSERT_EQ(conv.op->name, "conv2d");
  for (int i : {1, 2}) {
    EXPECT_EQ(conv.inputs[static_cast<size_t>(i)]->type.dtype, DType::kBFloat16);
    EXPECT_EQ(conv.inputs[static_cast<size_t>(i)]->producer->inputs[0]->type.dtype, DType::kFloat32);
  }
}

TEST(FoldBatchNorm, WhatWouldChangeResultsStays) {
  expect_unchanged(
      kFold,
      R"(func @main(%0 x: float32[n, 3]) state(%1 w: float32[4, 3], %2 m: float32[4] -> %6, %3 v: float32[4] -> %7) {
    %4 = linear(%0, %1, none): float32[n, 4]
    %5, %6, %7, %8, %9 = batch_norm(%4, %2, %3, none, none) {training=True}: float32[n, 4], float32[4], float32[4], float32[4], float32[4]
    return %5
  })");
  expect_unchanged(  // the weights change in each step
      kFold,
      R"(func @main(%0 x: float32[n, 3]) state(%1 w: float32[4, 3] -> %10, %2 m: float32[4], %3 v: float32[4]) {
    %4 = linear(%0, %1, none): float32[n, 4]
    %5, %6, %7, %8, %9 = batch_norm(%4, %2, %3, none, none): float32[n, 4], float32[4], float32[4], float32[4], float32[4]
    %10 = add(%1, %1): float32[4, 3]
    return %5
  })");
  expect_unchanged(
      kFold,
      R"(func @main(%0 x: float32[n, 3], %1 w: float32[4, 3]) state(%2 m: float32[4], %3 v: float32[4]) {
    %4 = linear(%0, %1, none): float32[n, 4]
    %5, %6, %7, %8, %9 = batch_norm(%4, %2, %3, none, none): float32[n, 4], float32[4], float32[4], float32[4], float32[4]
    return %5
  })");
}

TensorRef ramp(const Shape& shape, float from, float step) {
  std::vector<float> values;
  for (int64_t i = 0; i < element_count(shape); ++i)
    values.push_back(from + step * static_cast<float>(i % 7));
  return make_tensor(shape, values);
}

TEST(FoldBatchNorm, ResultsStayAndTheStepIsOneInstruction) {
  use_toy_ops();
  std::vector<std::vector<float>> results;
  for (int level : {0, 1, 2}) {
    CompileOptions options;
    options.opt_level = level;
    options.verify = true;
    Execution execution(compile(*parse_function(kNet), options));
    std::vector<StateSlot> states{kept(ramp({3, 2, 3, 3}, -1, 0.3f)), kept(ramp({3}, 0.5f, 0.1f)),
                                  kept(ramp({3}, 1, 0.5f)), kept(ramp({3}, 0.7f, 0.2f)),
                                  kept(ramp({3}, -0.1f, 0.1f))};
    results.push_back(values_of(execution.run({ramp({2, 2, 4, 4}, -1, 0.25f)}, states)[0]));
    if (level == 0) continue;
    auto executable = compile(*parse_function(kNet), options);
    std::string text = executable->explain({{2, 2, 4, 4}});
    text = text.substr(text.find("step:\n"));
    EXPECT_NE(text.find("= conv2d_bias_act("), std::string::npos) << text;
    EXPECT_EQ(text.find("    1  "), std::string::npos) << "more than one instruction\n" << text;
  }
  for (size_t i = 0; i < results[0].size(); ++i) {
    EXPECT_NEAR(results[1][i], results[0][i], 1e-5);
    EXPECT_NEAR(results[2][i], results[0][i], 1e-5);
  }
}

}  // namespace
}  // namespace miai
