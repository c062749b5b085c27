// What runs again under a limit follows what steps take by measurement where fast_run is on. Nothing is timed
// here: the times are made up.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "graph/compile/kernel_times.h"
#include "kernels/common/error.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;

/// A product and a softmax, each of 256 KiB, are wanted once more after a step that needs 1 MiB.
constexpr const char* kTwoKept =
    R"(func @main(%0 x: float32[256, 256], %1 w: float32[256, 256], %2 v: float32[256, 1024]) {
  %3 = matmul(%0, %1) {transpose_a=False, transpose_b=False}: float32[256, 256]
  %4 = softmax(%0) {axis=1}: float32[256, 256]
  %5 = matmul(%3, %4) {transpose_a=False, transpose_b=False}: float32[256, 256]
  %6 = matmul(%5, %2) {transpose_a=False, transpose_b=False}: float32[256, 1024]
  %7 = matmul(%6, %2) {transpose_a=False, transpose_b=True}: float32[256, 256]
  %8 = matmul(%7, %3) {transpose_a=False, transpose_b=False}: float32[256, 256]
  %9 = matmul(%8, %4) {transpose_a=False, transpose_b=False}: float32[256, 256]
  return %9
})";
const std::vector<Shape> kTwoKeptInputs{{256, 256}, {256, 256}, {256, 1024}};
constexpr int64_t kLess = 200 << 10;  // bytes that dropping one of the two saves at least

/// A machine on which softmax takes that long, and all else 1 ms.
struct Machine {
  struct Call {
    std::string op;
    bool packed, is_dense;
  };
  double softmax = 0;
  std::vector<Call> calls;  // measured

  double operator()(const Kernel& kernel, const KernelSignature& s) {
    bool is_dense = std::all_of(s.outputs.begin(), s.outputs.end(), [](auto& m) { return m.is_dense(); });
    calls.push_back({kernel.op, s.packed, is_dense});
    return kernel.op == "softmax" ? softmax : 1e-3;
  }
  bool has_measured(const std::string& op) const {
    return std::any_of(calls.begin(), calls.end(), [&](const Call& call) { return call.op == op; });
  }
};

MemoryReport report(const CompileOptions& options) {
  use_toy_ops();
  return compile(*parse_function(kTwoKept), options)->memory_report(kTwoKeptInputs);
}
CompileOptions under_a_limit(KernelTimes& times) {
  return {.memory_limit = report({}).peak_bytes - kLess, .fast_run = true, .kernel_times = &times};
}
std::set<std::string> repeated(const MemoryReport& report) {
  std::set<std::string> ops;
  for (const RepeatedOp& op : report.repeated) ops.insert(op.op);
  return ops;
}

TEST(MeasuredCosts, WhatIsMeasuredAsCheapRunsAgain) {
  for (auto [softmax, cheap] : {std::pair(1.0, "matmul"), std::pair(1e-6, "softmax")}) {
    Machine machine{.softmax = softmax, .calls = {}};
    KernelTimes times("", std::ref(machine));
    MemoryReport found = report(under_a_limit(times));
    EXPECT_EQ(repeated(found), std::set<std::string>{cheap});
    double again = std::string_view(cheap) == "softmax" ? softmax : 1e-3;
    EXPECT_DOUBLE_EQ(found.repeated_seconds, again);
    EXPECT_DOUBLE_EQ(found.seconds, softmax + 6 * 1e-3 + again);
  }
}

TEST(MeasuredCosts, NothingIsMeasuredUnlessAskedFor) {
  Machine machine{.softmax = 1, .calls = {}};
  KernelTimes times("", std::ref(machine));
  CompileOptions options = under_a_limit(times);
  options.fast_run = false;
  EXPECT_EQ(repeated(report(options)), std::set<std::string>{"softmax"});
  options = under_a_limit(times);
  options.opt_level = 1;
  EXPECT_EQ(repeated(report(options)), std::set<std::string>{"softmax"});
  EXPECT_EQ(machine.calls.size(), 0u);
  options = under_a_limit(times);
  options.memory_limit = 0;  // what has no other kernel is of no interest
  report(options);
  EXPECT_FALSE(machine.has_measured("softmax"));
}

TEST(MeasuredCosts, CheapIsATwentiethOfWhatIsMeasured) {
  for (double softmax : {1e-6, 1.0}) {
    Machine machine{.softmax = softmax, .calls = {}};
    KernelTimes times("", std::ref(machine));
    MemoryReport found = report({.fast_run = true, .recomputes_cheaply = true, .kernel_times = &times});
    EXPECT_EQ(repeated(found).contains("softmax"), softmax < 1);
    EXPECT_LE(found.repeated_seconds, 0.05 * (found.seconds - found.repeated_seconds));
  }
}

TEST(MeasuredCosts, AreKeptAndFoundAgain) {
  std::string file = ::testing::TempDir() + "miai_measured_costs_" + std::to_string(getpid());
  Machine first{.softmax = 1, .calls = {}}, second{.softmax = 1e-6, .calls = {}};
  KernelTimes times(file, std::ref(first)), again(file, std::ref(second));
  MemoryReport found = report(under_a_limit(times));
  EXPECT_GT(first.calls.size(), 0u);
  EXPECT_EQ(report(under_a_limit(again)).seconds, found.seconds);
  EXPECT_EQ(second.calls.size(), 0u);
  std::filesystem::remove(file);
}

TEST(MeasuredCosts, AreKeptWhereNoPlanFits) {
  std::string file = ::testing::TempDir() + "miai_measured_costs_" + std::to_string(getpid());
  Machine machine{.softmax = 1, .calls = {}};
  KernelTimes times(file, std::ref(machine));
  EXPECT_THROW(report({.memory_limit = 1, .fast_run = true, .kernel_times = &times}), Error);
  EXPECT_TRUE(std::filesystem::exists(file));
  std::filesystem::remove(file);
}

TEST(MeasuredCosts, AStepIsMeasuredAsItRuns) {
  use_toy_ops();
  auto f = parse_function(
      R"(func @main(%0 x: float32[4, 32, 16, 16]) state(%1 w: float32[32, 32, 3, 3], %2 s: float32[4]) {
  %3 = conv2d(%0, %1) {padding=[1, 1]}: float32[4, 32, 16, 16]
  %4 = conv2d(%3, %1) {padding=[1, 1]}: float32[4, 32, 16, 16]
  toy_effect(%2)
  return %4
})");
  Machine machine;
  KernelTimes times("", std::ref(machine));
  CompileOptions options{.memory_limit = 1 << 30, .fast_run = true, .kernel_times = &times};
  compile(*f, options)->plan({{4, 32, 16, 16}});
  EXPECT_TRUE(machine.has_measured("conv2d"));
  for (const Machine::Call& call : machine.calls) EXPECT_EQ(call.packed, call.op == "conv2d") << call.op;
  EXPECT_FALSE(machine.has_measured("toy_effect"));
}

/// A copy into the other layout is a step like others, and counts when layouts are chosen.
TEST(MeasuredCosts, CopiesBetweenLayoutsAreMeasured) {
  use_toy_ops();
  auto f = parse_function(R"(func @main(%0 x: float32[4, 32, 16, 16]) state(%1 w: float32[32, 32, 1, 1]) {
  %2 = conv2d(%0, %1) {}: float32[4, 32, 16, 16]
  return %2
})");
  Machine machine;
  KernelTimes times("", std::ref(machine));
  compile(*f, {.fast_run = true, .kernel_times = &times})->plan({{4, 32, 16, 16}});
  auto is_layout_copy = [](const Machine::Call& call) { return call.op == "copy" && !call.is_dense; };
  EXPECT_EQ(std::count_if(machine.calls.begin(), machine.calls.end(), is_layout_copy), 1);
}

}  // namespace
}  // namespace miai
