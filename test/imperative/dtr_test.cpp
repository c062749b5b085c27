// Values that are given up and made again, without Python.
#include "imperative/dtr.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include "imperative/cell.h"
#include "imperative/dispatch.h"
#include "imperative/tape.h"
#include "runtime/allocator.h"
#include "test/runtime/fork_child.h"

namespace miai {
namespace {

constexpr int64_t kCount = 4096;

Var numbers(Device device = {}) {
  std::vector<float> data(kCount);
  for (int64_t i = 0; i < kCount; ++i) data[i] = 0.001f * static_cast<float>(i);
  return to_var(value_from_host(DType::kFloat32, {kCount}, device, data.data()));
}

Var apply(const char* op, std::vector<Var> inputs) { return dispatch(find_op(op), Attrs(), inputs)[0]; }

std::vector<float> read(const Var& value) {
  std::vector<float> data(kCount);
  copy_to_host(eager(value), data.data());
  return data;
}

bool is_resident(const Var& value) { return eager(value).ref.storage->is_resident(); }

class Dtr : public ::testing::Test {
 protected:
  void SetUp() override {
    reset_dtr_statistics();
    enable_dtr();
    tape.attach(to_value(x));
    tape.start();
  }
  void TearDown() override {
    tape.clear();
    tape.stop();
    disable_dtr();
    set_memory_limit({}, 0);
  }
  Var x = numbers();
  Tape tape;
};

TEST_F(Dtr, WhatWasGivenUpComesBackWhenItIsRead) {
  Var y = apply("tanh", {x}), z = apply("mul", {y, x});
  std::vector<float> expected = read(z);
  EXPECT_EQ(evict_all(), 2);
  EXPECT_FALSE(is_resident(y));
  EXPECT_TRUE(is_resident(x));
  EXPECT_EQ(read(z), expected);
  EXPECT_TRUE(is_resident(y));
  EXPECT_EQ(dtr_statistics().recomputations, 2);
}

TEST_F(Dtr, WhatNobodyHoldsIsMadeAgainInPassing) {
  Var z = apply("mul", {apply("tanh", {x}), x});
  std::vector<float> expected = read(z);
  int64_t held = memory_stats({}).allocated;
  evict_all();
  EXPECT_EQ(read(z), expected);
  EXPECT_EQ(memory_stats({}).allocated, held);
  EXPECT_EQ(dtr_statistics().recomputations, 2);
}

TEST_F(Dtr, WhatIsReadTwiceOnTheWayIsMadeOnce) {
  constexpr int kDiamonds = 12;
  Var z = x;
  for (int i = 0; i < kDiamonds; ++i) z = apply("add", {apply("tanh", {z}), apply("neg", {z})});
  std::vector<float> expected = read(z);
  evict_all();
  tape.clear();  // which held the results in between
  int64_t held = memory_stats({}).allocated;
  reset_max_memory_stats({});
  EXPECT_EQ(read(z), expected);
  EXPECT_EQ(dtr_statistics().recomputations, 3 * kDiamonds);
  EXPECT_EQ(memory_stats({}).allocated, held + kCount * 4);
  EXPECT_LE(memory_stats({}).max_allocated, held + 4 * kCount * 4) << "held longer than it is read";
}

TEST_F(Dtr, WhatIsWrittenIntoACellStays) {
  CellPtr state = make_intrusive<Cell>(to_value(numbers()));
  state->write(to_value(apply("tanh", {x})));
  EXPECT_EQ(evict_all(), 0);
}

TEST_F(Dtr, APinnedValueStays) {
  Var y = apply("tanh", {x});
  {
    Pin pin(eager(y));
    EXPECT_EQ(evict_all(), 0);
  }
  EXPECT_EQ(evict_all(), 1);
  Pin pin(eager(y));
  EXPECT_TRUE(is_resident(y));
}

TEST_F(Dtr, ResidentForGood) {
  Var y = apply("tanh", {x});
  evict_all();
  keep_resident(*eager(y).ref.storage);
  EXPECT_TRUE(is_resident(y));
  EXPECT_EQ(evict_all(), 0);
}

TEST_F(Dtr, TheLimitIsKept) {
  std::vector<Var> values{x};
  for (int i = 0; i < 50; ++i) values.push_back(apply("tanh", {values.back()}));
  std::vector<float> last = read(values.back());
  values.resize(1);
  int64_t limit = memory_stats({}).allocated + 6 * kCount * 4;
  set_memory_limit({}, limit);
  reset_max_memory_stats({});
  for (int i = 0; i < 50; ++i) values.push_back(apply("tanh", {values.back()}));
  EXPECT_EQ(read(values.back()), last);
  for (const Var& value : values) read(value);
  EXPECT_LE(memory_stats({}).max_allocated, limit);
  EXPECT_GT(dtr_statistics().evictions, 40);
}

TEST_F(Dtr, TheDearestAndTheLastUsedStay) {
  Var cheap = apply("neg", {x});
  Var chain = x;
  std::vector<Var> links;
  for (int i = 0; i < 5; ++i) links.push_back(chain = apply("tanh", {chain}));
  set_memory_limit({}, memory_stats({}).allocated);
  Var next = apply("neg", {x});  // as large as one value
  EXPECT_FALSE(is_resident(cheap));
  for (const Var& link : links) EXPECT_TRUE(is_resident(link));
}

TEST_F(Dtr, AfterTheTapeNothingIsEvictableAndNothingIsKept) {
  Var y = apply("tanh", {x}), z = apply("mul", {y, x});
  std::vector<float> expected = read(z);
  evict_all();
  read(y);
  tape.clear();
  EXPECT_EQ(evict_all(), 0);
  EXPECT_EQ(read(z), expected);
  EXPECT_EQ(evict_all(), 0);
  disable_dtr();
  EXPECT_FALSE(dtr_in_use());
}

TEST_F(Dtr, OtherDevicesGiveNothingUp) {
  for (const char* device : {"cpu:1", "fake"}) {
    Var far = numbers(parse_device(device));
    tape.attach(to_value(far));
    Var y = apply("tanh", {far});
    EXPECT_EQ(evict_all(), 0);
    EXPECT_EQ(read(y)[1000], std::tanh(1.0f)) << device;
  }
}

TEST_F(Dtr, ReadersAndEvictionsInManyThreads) {
  std::vector<Var> values{x};
  for (int i = 0; i < 20; ++i) values.push_back(apply("tanh", {values.back()}));
  std::vector<std::vector<float>> expected;
  for (const Var& value : values) expected.push_back(read(value));
  std::atomic<int> at_work{3};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        size_t k = static_cast<size_t>((i * (t + 3)) % 21);
        EXPECT_EQ(read(values[k]), expected[k]);
        Var own = apply("neg", {values[k]});
        EXPECT_EQ(read(own)[7], -expected[k][7]);
      }
      --at_work;
    });
  while (at_work > 0) evict_all();
  for (std::thread& reader : readers) reader.join();
}

TEST_F(Dtr, AForkWaitsForTheThreadThatChangesThings) {
  std::atomic<bool> has_it{false}, gave_it_back{false};
  std::thread([&] {
    {
      DtrLock lock;
      has_it = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    gave_it_back = true;
  }).detach();  // the child could not join it
  while (!has_it) std::this_thread::yield();
  EXPECT_TRUE(true_in_forked_child([&] { return evict_all() == 0 && read(x)[7] == 0.007f; }));
  while (!gave_it_back) std::this_thread::yield();
  EXPECT_EQ(read(x)[7], 0.007f);
}

}  // namespace
}  // namespace miai
