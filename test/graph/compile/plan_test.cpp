// What a plan looks like: memory that is shared, taken over, or given out.
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;
using Floats = std::vector<float>;

TEST(Plan, RunsInOrderAndGivesOutputs) {
  Compiled f(R"(func @main(%0 x: float32[2], %1 y: float32[2]) {
    %2 = toy_heavy(%0): float32[2]
    %3 = toy_add(%2, %1): float32[2]
    return %3, %2
  })");
  auto outputs = f.run({make_tensor({2}, {1, 2}), make_tensor({2}, {10, 20})});
  EXPECT_EQ(values_of(outputs[0]), (Floats{12, 23}));
  EXPECT_EQ(values_of(outputs[1]), (Floats{2, 3}));
}

TEST(Plan, OutputsKeepTheirValuesOverLaterRuns) {
  Compiled f("func @main(%0 x: float32[2]) { %1 = toy_heavy(%0): float32[2] return %1 }");
  TensorRef first = f.run({make_tensor({2}, 1)})[0];
  TensorRef second = f.run({make_tensor({2}, 5)})[0];
  EXPECT_EQ(values_of(first), (Floats{2, 2}));
  EXPECT_EQ(values_of(second), (Floats{6, 6}));
}

TEST(Plan, AChainOfOverwritingOperatorsNeedsOneBuffer) {
  Compiled f(R"(func @main(%0 x: float32[1024]) {
    %1 = toy_heavy(%0): float32[1024]
    %2 = toy_scale(%1) {factor=2.0}: float32[1024]
    %3 = toy_add(%2, %0): float32[1024]
    %4 = toy_heavy(%3): float32[1024]
    return %4
  })");
  MemoryReport report = f.executable->memory_report({{1024}});
  EXPECT_EQ(report.arena_bytes, 4096 + 512);  // with the workspace of toy_heavy
  EXPECT_EQ(report.lower_bound_bytes, report.arena_bytes);
  EXPECT_EQ(report.workspace_bytes, 512);
  EXPECT_EQ(report.output_bytes, 4096);
  EXPECT_EQ(values_of(f.run({make_tensor({1024}, 1)})[0])[7], 6);
}

TEST(Plan, AValueThatIsReadAgainIsNotOverwritten) {
  Compiled f(R"(func @main(%0 x: float32[2]) {
    %1 = toy_heavy(%0): float32[2]
    %2 = toy_scale(%1) {factor=10.0}: float32[2]
    %3 = toy_add(%1, %2): float32[2]
    %4 = toy_heavy(%3): float32[2]
    return %4
  })");
  EXPECT_EQ(values_of(f.run({make_tensor({2}, {1, 2})})[0]), (Floats{23, 34}));
}

TEST(Plan, ViewsAreNoInstructions) {
  Compiled f(R"(func @main(%0 x: float32[2, 3]) {
    %1 = toy_heavy(%0): float32[2, 3]
    %2 = transpose(%1) {pattern=[1, 0]}: float32[3, 2]
    %3 = toy_heavy(%2): float32[3, 2]
    return %3
  })");
  auto plan = f.executable->plan(std::vector<Shape>{{2, 3}});
  EXPECT_EQ(plan->instructions.size(), 2u);
  EXPECT_EQ(values_of(f.run({make_tensor({2, 3}, {0, 1, 2, 3, 4, 5})})[0]), (Floats{2, 5, 3, 6, 4, 7}));
}

TEST(Plan, AnOverwritingOperatorKeepsOffMemoryThatItAlsoReadsAsAView) {
  Compiled f(R"(func @main(%0 x: float32[2, 2]) {
    %1 = toy_heavy(%0): float32[2, 2]
    %2 = transpose(%1) {pattern=[1, 0]}: float32[2, 2]
    %3 = toy_add(%1, %2): float32[2, 2]
    %4 = toy_heavy(%3): float32[2, 2]
    return %4
  })");
  EXPECT_EQ(values_of(f.run({make_tensor({2, 2}, {0, 1, 2, 3})})[0]), (Floats{3, 6, 6, 9}));
}

TEST(Plan, OutputsThatAreViewsHaveMemoryOfTheirOwn) {
  Compiled f(R"(func @main(%0 x: float32[2, 3]) {
    %1 = toy_heavy(%0): float32[2, 3]
    %2 = transpose(%1) {pattern=[1, 0]}: float32[3, 2]
    %3 = reshape(%1) {shape=[6]}: float32[6]
    return %2, %3, %0
  })");
  TensorRef x = make_tensor({2, 3}, {0, 1, 2, 3, 4, 5});
  auto outputs = f.run({x});
  f.run({make_tensor({2, 3}, 100)});
  EXPECT_EQ(values_of(outputs[0]), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values_of(outputs[1]), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(outputs[2].storage, x.storage);  // values do not change: an input may be given back as it is
}

TEST(Plan, StridedInputsArePlannedForAsTheyLie) {
  Compiled f("func @main(%0 x: float32[2, 2]) { %1 = toy_heavy(%0): float32[2, 2] return %1 }");
  TensorRef x = make_tensor({2, 2}, {0, 1, 2, 3});
  TensorRef transposed = x;
  transposed.meta.strides = {1, 2};
  EXPECT_EQ(values_of(f.run({x})[0]), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(values_of(f.run({transposed})[0]), (Floats{1, 3, 2, 4}));
}

TEST(Plan, EmptyTensors) {
  Compiled f(R"(func @main(%0 x: float32[n, 2]) {
    %1 = toy_scale(%0) {factor=2.0}: float32[n, 2]
    %2 = toy_scale(%1) {factor=2.0}: float32[n, 2]
    return %2
  })");
  EXPECT_EQ(f.run({make_tensor({0, 2}, Floats{})})[0].meta.shape, (Shape{0, 2}));
}

TEST(Plan, DynamicSizesGetAPlanEach) {
  Compiled f(R"(func @main(%0 x: float32[n, 2], %1 y: float32[n, 2]) {
    %2 = toy_add(%0, %1): float32[n, 2]
    %3, %4 = toy_halves(%2): float32[n // 2, 2], float32[n // 2, 2]
    return %4
  })");
  auto run = [&](int64_t n) { return f.run({make_tensor({n, 2}, 1), make_tensor({n, 2}, 2)})[0].meta.shape; };
  EXPECT_EQ(run(4), (Shape{2, 2}));
  EXPECT_EQ(run(6), (Shape{3, 2}));
  EXPECT_EQ(run(4), (Shape{2, 2}));
  EXPECT_EQ(f.executable->plan({{4, 2}, {4, 2}}), f.executable->plan({{4, 2}, {4, 2}}));
}

std::string error_of(Compiled& f, const std::vector<TensorRef>& inputs) {
  try {
    f.run(inputs);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Plan, WrongInputsAreNamed) {
  Compiled f(R"(func @step(%0 x: float32[n, 2], %1 y: float32[n, 2]) {
    require n != 3
    %2 = toy_add(%0, %1): float32[n, 2]
    return %2
  })");
  TensorRef good = make_tensor({4, 2}, 1);
  EXPECT_EQ(error_of(f, {good}), "step: expected 2 inputs, got 1");
  EXPECT_EQ(
      error_of(f, {good, make_tensor({5, 2}, 1)}),
      "step: input 'y': expected float32[n, 2], got float32[5, 2]; size 5 of dimension 0 should be 4, which "
      "the sizes of the other inputs say");
  EXPECT_EQ(error_of(f, {make_tensor({4}, 1), good}),
            "step: input 'x': expected float32[n, 2], got float32[4]");
  EXPECT_EQ(error_of(f, {allocate_tensor(DType::kInt64, {4, 2}, {}), good}),
            "step: input 'x': expected float32[n, 2], got int64[4, 2]");
  EXPECT_EQ(error_of(f, {good, TensorRef{}}), "step: input 1 is missing");
  EXPECT_EQ(error_of(f, {good, make_tensor({4, 2}, 1, parse_device("cpu:1"))}),
            "step: input 1: expected device cpu, got cpu:1");
  EXPECT_EQ(error_of(f, {make_tensor({3, 2}, 1), make_tensor({3, 2}, 1)}),
            "step: the sizes of the inputs break the condition n != 3 under which the function was recorded");
}

TEST(Plan, ConstantsAreRead) {
  Compiled f(R"(func @main(%0 x: float32[2]) {
    const %1: float32[2] = [10.0, 20.0]
    %2 = toy_add(%0, %1): float32[2]
    return %2, %1
  })");
  auto outputs = f.run({make_tensor({2}, 1)});
  EXPECT_EQ(values_of(outputs[0]), (Floats{11, 21}));
  EXPECT_EQ(values_of(outputs[1]), (Floats{10, 20}));
  EXPECT_FALSE(outputs[1].storage->is_writable());
}

TEST(Plan, ArenasGoAndComeBack) {
  Compiled f(R"(func @main(%0 x: float32[1000]) {
    %1 = toy_heavy(%0): float32[1000]
    %2 = toy_heavy(%1): float32[1000]
    return %2
  })");
  EXPECT_EQ(values_of(f.run({make_tensor({1000}, 1)})[0])[0], 3);
  f.execution.release_memory();
  EXPECT_EQ(values_of(f.run({make_tensor({1000}, 2)})[0])[999], 4);
}

TEST(Plan, ExplainNamesKernelsAndPlaces) {
  Compiled f(R"(func @main(%0 x: float32[2]) state(%1 w: float32[2] -> %3) {
    %2 = toy_heavy(%0): float32[2]  # train.py:4
    %3 = toy_add(%1, %2): float32[2]
    return
  })");
  std::string text = f.executable->explain({{2}});
  EXPECT_NE(text.find("= toy_heavy(input 0 float32[2]) by test/toy_heavy, workspace arena+"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("# train.py:4\ncommit:\n"), std::string::npos) << text;
  EXPECT_NE(text.find("new state 0 float32[2] = toy_add(state 0 float32[2], arena+"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace miai
