#include "runtime/launch.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <future>
#include <numeric>
#include <vector>

#include "kernels/common/error.h"
#include "runtime/allocator.h"
#include "runtime/backend.h"
#include "runtime/cancel.h"
#include "runtime/copy.h"
#include "runtime/fake_memory.h"
#include "runtime/fake_stream.h"

namespace miai {
namespace {

const Device kCpu{}, kCpu1{DeviceKind::kCpu, 1}, kCpu2{DeviceKind::kCpu, 2};
const Device kFake0{DeviceKind::kFake, 0}, kFake1{DeviceKind::kFake, 1};

std::shared_ptr<const Kernel> make_kernel(void (*run)(const KernelArgs&)) {
  auto kernel = std::make_shared<Kernel>();
  kernel->op = "test";
  kernel->name = "test/kernel";
  kernel->run = run;
  return kernel;
}

const auto kAddOne = make_kernel([](const KernelArgs& args) {
  for (int64_t i = 0; i < args.outputs[0].size(); ++i)
    args.outputs[0].as<float>()[i] = args.inputs[0].as<float>()[i] + 1;
});
const auto kFail = make_kernel(
    [](const KernelArgs&) { raise(ErrorKind::kIndex, "gather: index 7 is out of bounds for size 3"); });
const auto kStopsWhenCancelled = make_kernel([](const KernelArgs& args) {
  while (!args.context.is_cancelled()) std::this_thread::yield();
});

TensorRef apply(const std::shared_ptr<const Kernel>& kernel, const TensorRef& x, std::string_view op) {
  TensorRef y = allocate_tensor(x.meta.dtype, x.meta.shape, x.device());
  std::array inputs{x.view()}, outputs{y.view()};
  std::array<Storage*, 1> reads{x.storage.get()}, writes{y.storage.get()};
  Attrs attrs;
  std::shared_ptr<const void> state;
  launch(default_stream(x.device()), {op, kernel, attrs, state, inputs, outputs, reads, writes, nullptr,
                                      [] { return std::string("train.py:17"); }});
  return y;
}

TensorRef from_values(const std::vector<float>& values, Device device) {
  TensorRef x = allocate_tensor(DType::kFloat32, Shape{static_cast<int64_t>(values.size())}, device);
  write_from_host(values.data(), x);
  return x;
}

std::vector<float> values_of(const TensorRef& x) {
  std::vector<float> values(static_cast<size_t>(x.meta.size()));
  read_to_host(x, values.data());
  return values;
}

TensorRef to_device(const TensorRef& x, Device device) {
  TensorRef y = allocate_tensor(x.meta.dtype, x.meta.shape, device);
  copy_tensor(x, y, [] { return std::string("train.py:20"); });
  return y;
}

class Launching : public testing::TestWithParam<Device> {
 protected:
  void TearDown() override { synchronize_all(); }
  Device device() const { return GetParam(); }
};

TEST_P(Launching, KernelsRunOneAfterTheOther) {
  TensorRef x = from_values({1, 2, 3}, device());
  for (int i = 0; i < 20; ++i) x = apply(kAddOne, x, "add");
  EXPECT_EQ(values_of(x), (std::vector<float>{21, 22, 23}));
}

TEST_P(Launching, AFailureReachesTheReaderWithOpAndLine) {
  TensorRef x = from_values({1, 2, 3}, device());
  bool inline_device = default_stream(device()).is_inline();
  try {
    TensorRef y = apply(kFail, x, "gather");
    for (int i = 0; i < 3; ++i) y = apply(kAddOne, y, "add");  // what depends on it fails the same way
    values_of(y);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIndex);
    EXPECT_STREQ(error.what(), inline_device
                                   ? "gather: index 7 is out of bounds for size 3"
                                   : "gather: index 7 is out of bounds for size 3 (queued at train.py:17)");
  }
  EXPECT_EQ(values_of(apply(kAddOne, x, "add")), (std::vector<float>{2, 3, 4})) << "the device stays usable";
}

TEST_P(Launching, AFailureTravelsToOtherDevices) {
  TensorRef x = from_values({1}, device());
  for (Device other : {kCpu, kCpu2, kFake1}) {
    try {
      TensorRef y = to_device(apply(kFail, x, "gather"), other);
      values_of(apply(kAddOne, y, "add"));
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kIndex);
    }
  }
}

TEST_P(Launching, AnyExceptionIsKept) {
  auto kernel = make_kernel([](const KernelArgs&) { throw std::bad_alloc(); });
  try {
    values_of(apply(kernel, from_values({1}, device()), "matmul"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kMemory);
    EXPECT_STREQ(error.what(), "matmul: out of memory (queued at train.py:17)");
  } catch (const std::bad_alloc&) {
    EXPECT_TRUE(default_stream(device()).is_inline());
  }
}

TEST_P(Launching, StoragesLiveUntilTheWorkIsDone) {
  int64_t before = memory_stats(device()).allocated;
  TensorRef y = apply(kAddOne, apply(kAddOne, from_values({1, 2}, device()), "add"), "add");
  EXPECT_EQ(values_of(y), (std::vector<float>{3, 4}));
  synchronize_all();
  EXPECT_EQ(memory_stats(device()).allocated - before, 64) << "only the result is left";
}

TEST_P(Launching, WorkspaceAndAbsentInputs) {
  auto kernel = make_kernel([](const KernelArgs& args) {
    EXPECT_FALSE(args.inputs[1].present);
    auto* scratch = static_cast<float*>(args.workspace);
    scratch[0] = args.inputs[0].as<float>()[0] * 2;
    args.outputs[0].as<float>()[0] = scratch[0];
  });
  TensorRef x = from_values({4}, device()), y = from_values({0}, device());
  IntrusivePtr<Storage> workspace = Storage::allocate(device(), 64);
  TensorView absent;
  absent.present = false;
  std::array inputs{x.view(), absent};
  std::array outputs{y.view()};
  std::array<Storage*, 2> reads{x.storage.get(), nullptr};
  std::array<Storage*, 1> writes{y.storage.get()};
  launch(default_stream(device()),
         {"test", kernel, {}, {}, inputs, outputs, reads, writes, workspace.get(), [] {
            return std::string();
          }});
  workspace = nullptr;
  EXPECT_EQ(values_of(y), (std::vector<float>{8}));
}

TEST_P(Launching, CancellationStopsARunningKernel) {
  TensorRef x = from_values({1}, device());
  std::thread user([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    request_cancel();
  });
  try {
    values_of(apply(kStopsWhenCancelled, x, "sleep"));
    FAIL() << "not cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
  user.join();
  {
    CancelMask mask;
    synchronize_all();  // before the request ends, or a kernel on another thread might never see it
  }
  EXPECT_TRUE(consume_cancel());
  EXPECT_EQ(values_of(apply(kAddOne, x, "add")), (std::vector<float>{2}));
}

TEST_P(Launching, CopiesBetweenAllDevices) {
  std::vector<float> values(5000);
  std::iota(values.begin(), values.end(), 0.0f);
  TensorRef x = from_values(values, device());
  for (Device other : {kCpu, kCpu1, kCpu2, kFake0, kFake1}) {
    TensorRef y = apply(kAddOne, to_device(apply(kAddOne, x, "add"), other), "add");
    std::vector<float> back = values_of(to_device(y, device()));
    for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(back[i], values[i] + 2) << other;
  }
}

TEST_P(Launching, EmptyTensorsCopy) {
  TensorRef x = from_values({}, device());
  EXPECT_TRUE(values_of(apply(kAddOne, to_device(x, device()), "add")).empty());
}

TEST_P(Launching, CopiesOfWhatDoesNotMatchAreErrors) {
  TensorRef x = from_values({1, 2}, device());
  auto line = [] { return std::string(); };
  EXPECT_ANY_THROW(copy_tensor(x, allocate_tensor(DType::kFloat32, {3}, kCpu), line));
  EXPECT_ANY_THROW(copy_tensor(x, allocate_tensor(DType::kInt32, {2}, kCpu), line));
  TensorRef strided = allocate_tensor(DType::kFloat32, {4}, kCpu);
  strided.meta.shape = {2};
  strided.meta.strides = {2};
  EXPECT_ANY_THROW(copy_tensor(strided, x, line));
}

INSTANTIATE_TEST_SUITE_P(Devices, Launching, testing::Values(kCpu, kCpu1, kFake0),
                         [](const auto& info) { return "Device" + std::to_string(info.index); });

TEST(Inline, AllocatesNothing) {
  TensorRef x = from_values({1, 2, 3}, kCpu);
  int64_t before = memory_stats(kCpu).allocations;
  apply(kAddOne, x, "add");
  EXPECT_EQ(memory_stats(kCpu).allocations - before, 1) << "the output";
}

TEST(FakeMemory, IsPoisonedAndOutOfReach) {
  TensorRef x = allocate_tensor(DType::kUInt8, {100}, kFake0);
  EXPECT_DEATH(std::memset(x.data(), 0, 1), "");
  FakeMemoryOpen open;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(x.view().as<unsigned char>()[i], kFakePoison);
}

TEST(FakeMemory, IsOutOfReachAgainAfterWork) {
  TensorRef x = apply(kAddOne, from_values({1}, kFake0), "add");
  synchronize(kFake0);
  EXPECT_DEATH(EXPECT_EQ(*x.view().as<float>(), 2), "");
  EXPECT_EQ(values_of(x), (std::vector<float>{2}));
}

TEST(FakeMemory, FreedMemoryIsPoisoned) {
  TensorRef x = from_values({1, 2, 3}, kFake0);
  synchronize(kFake0);
  const auto* bytes = static_cast<const unsigned char*>(x.data());
  x = {};
  FakeMemoryOpen open;
  for (int i = 0; i < 12; ++i) ASSERT_EQ(bytes[i], kFakePoison);
}

TEST(FakeMemory, GapsAreUsedAgain) {
  void* first = fake_allocate(10000);
  void* second = fake_allocate(20000);
  void* third = fake_allocate(30000);
  fake_free(first, 10000);
  fake_free(third, 30000);
  fake_free(second, 20000);
  EXPECT_EQ(fake_allocate(60000), first);
  fake_free(first, 60000);
  EXPECT_EQ(fake_allocate(size_t{2} << 30), nullptr);
}

TEST(FakeDevice, FindsAMissingWaitBetweenStreams) {
  int wrong = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    seed_fake_streams(seed);
    TensorRef x = apply(kAddOne, from_values({1}, kFake0), "add");
    TensorRef y = allocate_tensor(DType::kFloat32, {1}, kFake1);
    default_stream(kFake1).submit([x, y] {  // should wait for an event of fake:0 first
      backend(DeviceKind::kFake).copy(y.data(), x.data(), 4);
    });
    wrong += values_of(y)[0] != 2;
    synchronize_all();
  }
  EXPECT_GE(wrong, 5);
}

TEST(FakeDevice, HasTheReferenceKernels) {
  const Backend& fake = backend(DeviceKind::kFake);
  const KernelTable& kernels = fake.kernels();
  for (const std::string& op : kernels.ops(fake.kernel_kind)) {
    const auto& list = kernels.find(fake.kernel_kind, op);
    ASSERT_FALSE(list.empty());
    bool has_reference = list.back()->name.starts_with("reference/");
    for (const auto& kernel : list) {
      EXPECT_EQ(kernel->name.starts_with("reference/"), has_reference) << kernel->name;
    }
  }
}

}  // namespace
}  // namespace miai
