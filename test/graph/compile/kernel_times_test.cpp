// Times of kernels: the quickest one is taken, once measured it is known, and files keep it.
#include "graph/compile/kernel_times.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "kernels/common/error.h"

namespace miai {
namespace {

int slow_runs = 0, quick_runs = 0;

/// Two kernels of "toy", the preferred one slower by milliseconds, and a reference.
const KernelTable& toy_table() {
  static KernelTable table;
  if (table.size() > 0) return table;
  table.add({.op = "toy", .name = "reference/toy", .run = [](const KernelArgs&) {}, .preference = -100});
  table.add(
      {.op = "toy",
       .name = "slow/toy",
       .library = "toys 1",
       .run =
           [](const KernelArgs&) { ++slow_runs, std::this_thread::sleep_for(std::chrono::milliseconds(2)); },
       .preference = 10});
  table.add({.op = "toy",
             .name = "quick/toy",
             .run =
                 [](const KernelArgs& args) {
                   ++quick_runs;
                   EXPECT_EQ(args.inputs[0].as<float>()[3], 0.5f);
                   args.outputs[0].as<float>()[3] = 1;
                 },
             .preference = 5});
  return table;
}

struct Call {
  std::vector<TensorMeta> inputs = {dense_meta(DType::kFloat32, {4})}, outputs = inputs;
  Attrs attrs;
  KernelSignature signature() const { return {"toy", inputs, outputs, attrs}; }
};

class Folder {
 public:
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path = testing::TempDir() + "miai_kernel_times_" + std::to_string(getpid());
};

TEST(KernelTimes, TheQuickestIsFoundOnce) {
  const KernelTable& table = toy_table();
  KernelTimes times("");
  Call call;
  EXPECT_EQ(find_kernel(table, call.signature()).kernel->name, "slow/toy");
  auto found = quickest_kernel(times, table, call.signature());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kernel->name, "quick/toy");
  int runs = slow_runs;
  EXPECT_GE(runs, 3);
  EXPECT_EQ(quickest_kernel(times, table, call.signature())->kernel->name, "quick/toy");
  EXPECT_EQ(slow_runs, runs);
  call.inputs[0] = dense_meta(DType::kFloat32, {5});
  quickest_kernel(times, table, call.signature());
  EXPECT_GT(slow_runs, runs);
}

TEST(KernelTimes, AFileKeepsWhatWasMeasured) {
  Folder folder;
  std::string file = folder.path + "/below/kernel_times.json";
  const KernelTable& table = toy_table();
  Call call;
  KernelTimes first(file);
  quickest_kernel(first, table, call.signature());
  first.save();
  int runs = quick_runs;
  KernelTimes second(file);
  EXPECT_EQ(quickest_kernel(second, table, call.signature())->kernel->name, "quick/toy");
  EXPECT_EQ(quick_runs, runs);
}

TEST(KernelTimes, WhatAnotherProcessAddedStays) {
  Folder folder;
  std::string file = folder.path + "/kernel_times.json";
  const KernelTable& table = toy_table();
  Call call, other;
  other.inputs[0] = other.outputs[0] = dense_meta(DType::kFloat32, {7});
  KernelTimes first(file), second(file);
  quickest_kernel(first, table, call.signature());
  quickest_kernel(second, table, other.signature());
  first.save();
  second.save();
  int runs = slow_runs;
  KernelTimes third(file);
  quickest_kernel(third, table, call.signature());
  quickest_kernel(third, table, other.signature());
  EXPECT_EQ(slow_runs, runs);
}

TEST(KernelTimes, ADamagedFileCountsAsEmpty) {
  Folder folder;
  for (const char* text : {"", "{\"a\": [", "[1]", "{\"a\": 3, \"b\": [\"x\", \"y\"]}"}) {
    std::string file = folder.path + "/kernel_times.json";
    std::ofstream(file) << text;
    KernelTimes times(file);
    EXPECT_EQ(quickest_kernel(times, toy_table(), Call().signature())->kernel->name, "quick/toy") << text;
    EXPECT_NO_THROW(times.save());
  }
  KernelTimes nowhere("/proc/none/kernel_times.json");
  EXPECT_TRUE(quickest_kernel(nowhere, toy_table(), Call().signature()));
  EXPECT_NO_THROW(nowhere.save());
}

TEST(KernelTimes, WhatCannotBeMeasuredIsNot) {
  KernelTimes times("");
  Call call;
  call.inputs[0].strides = {-1};
  EXPECT_FALSE(quickest_kernel(times, toy_table(), call.signature()));
  KernelTimes refused(
      "", [](const Kernel&, const KernelSignature&) -> double { raise(ErrorKind::kValue, "made up"); });
  EXPECT_FALSE(quickest_kernel(refused, toy_table(), Call().signature()));
}

TEST(KernelTimes, OneKernelIsMeasuredWhereItsTimeIsAskedFor) {
  KernelTable table;
  table.add({.op = "toy", .name = "reference/toy", .preference = -100});
  int measured = 0;
  KernelTimes times("", [&](const Kernel&, const KernelSignature&) { return ++measured, 0.25; });
  Call call;
  find_quickest_kernel(times, table, call.signature());  // nothing to choose
  EXPECT_EQ(measured, 0);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(quickest_kernel(times, table, call.signature())->seconds, 0.25);
  EXPECT_EQ(measured, 1);
}

TEST(KernelTimes, ALittleQuickerIsNotQuicker) {
  double gain = 0;
  auto measure = [&](const Kernel& kernel, const KernelSignature&) {
    return kernel.name == "slow/toy" ? 1 : 1 - gain;
  };
  for (auto [least, kernel] : {std::pair(0.02, "slow/toy"), std::pair(0.04, "quick/toy")}) {
    gain = least;
    KernelTimes times("", measure);
    EXPECT_EQ(quickest_kernel(times, toy_table(), Call().signature())->kernel->name, kernel);
  }
}

}  // namespace
}  // namespace miai
