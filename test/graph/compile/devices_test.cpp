// Functions on devices with queues, and on several devices.
#include <gtest/gtest.h>

#include "graph/ops/tables.h"
#include "kernels/common/error.h"
#include "kernels/common/kernel_table.h"
#include "runtime/backend.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;
using Floats = std::vector<float>;

constexpr std::string_view kTwoDevices =
    R"(func @step(%0 x: float32[4]) state(%1 w: float32[4]@fake:0 -> %5) {
  %2 = toy_heavy(%0): float32[4]
  %3 = to_device(%2) {device=fake:0}: float32[4]@fake:0
  %4 = toy_heavy(%3): float32[4]@fake:0
  %5 = toy_add(%4, %1): float32[4]@fake:0
  %6 = to_device(%4) {device=cpu:1}: float32[4]@cpu:1
  %7 = toy_heavy(%6): float32[4]@cpu:1
  %8 = to_device(%7) {device=cpu}: float32[4]
  %9 = toy_add(%8, %2): float32[4]
  return %9, %7
})";

TEST(Devices, ValuesCrossDevices) {
  Compiled f(kTwoDevices, 1);
  std::vector<StateSlot> states{donated(make_tensor({4}, 10, parse_device("fake")))};
  std::vector<TensorRef> kept;
  for (int run = 0; run < 20; ++run) {
    auto outputs = f.run({make_tensor({4}, {1, 2, 3, static_cast<float>(run)})}, states);
    kept.push_back(outputs[0]);
    kept.push_back(outputs[1]);
  }
  for (int run = 0; run < 20; ++run) {
    auto r = static_cast<float>(run);
    EXPECT_EQ(values_of(kept[static_cast<size_t>(2 * run)]), (Floats{6, 8, 10, 2 * r + 4}));
    EXPECT_EQ(values_of(kept[static_cast<size_t>(2 * run) + 1]), (Floats{4, 5, 6, r + 3}));
  }
  EXPECT_EQ(values_of(states[0].value), (Floats{70, 90, 110, 240}));
}

/// A kernel that raises when its input holds a negative number.
void define_picky() {
  static const bool done = [] {
    OpDef op;
    op.name = "toy_picky";
    op.inputs = {{"a"}};
    op.infer = [](InferContext& c) { c.output_like(0, c.input(0).shape); };
    op.checks_values = true;
    OpTable::global().add(std::move(op));
    Kernel kernel;
    kernel.op = "toy_picky";
    kernel.name = "test/toy_picky";
    kernel.run = [](const KernelArgs& args) {
      for (int64_t i = 0; i < args.inputs[0].size(); ++i) {
        float value = args.inputs[0].as<float>()[i];
        if (value < 0)
          raise(ErrorKind::kIndex, "toy_picky: argument 'a': expected no negative number, got ", value);
        args.outputs[0].as<float>()[i] = value;
      }
    };
    KernelTable::global().add(std::move(kernel));
    return true;
  }();
  static_cast<void>(done);
}

TEST(Devices, AFailureOnAQueueReachesTheCallerAndChangesNoState) {
  define_picky();
  for (const char* device : {"cpu", "cpu:1", "fake:0"}) {
    std::string at = std::string(device) == "cpu" ? "" : std::string("@") + device;
    Compiled f("func @step(%0 x: float32[2]" + at + ") state(%1 w: float32[2]" + at + " -> %3) {\n" +
               "%4 = toy_heavy(%0): float32[2]" + at + "\n%2 = toy_picky(%4): float32[2]" + at +
               "  # train.py:9\n%3 = toy_add(%2, %1): float32[2]" + at + "\nreturn %2 }");
    std::vector<StateSlot> states{donated(make_tensor({2}, 1, parse_device(device)))};
    try {
      f.run({make_tensor({2}, {0, -5}, parse_device(device))}, states);
      FAIL() << device;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kIndex);
      EXPECT_NE(std::string(error.what()).find("toy_picky"), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("train.py:9"), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("expected no negative number, got -4"), std::string::npos);
    }
    EXPECT_EQ(values_of(states[0].value), (Floats{1, 1}));
    f.run({make_tensor({2}, 5, parse_device(device))}, states);
    EXPECT_EQ(values_of(states[0].value), (Floats{7, 7}));
  }
}

}  // namespace
}  // namespace miai
