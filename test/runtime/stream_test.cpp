#include "runtime/stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "kernels/common/error.h"
#include "runtime/backend.h"
#include "runtime/cancel.h"
#include "runtime/fake_stream.h"
#include "test/runtime/fork_child.h"

namespace miai {
namespace {

const Device kCpu{}, kCpu1{DeviceKind::kCpu, 1}, kCpu2{DeviceKind::kCpu, 2}, kCpu9{DeviceKind::kCpu, 9};
const Device kFake0{DeviceKind::kFake, 0}, kFake1{DeviceKind::kFake, 1};

class Streams : public testing::TestWithParam<std::pair<Device, Device>> {
 protected:
  Stream& a() const { return default_stream(GetParam().first); }
  Stream& b() const { return default_stream(GetParam().second); }
};

TEST_P(Streams, TasksRunInOrder) {
  std::vector<int> order;
  for (int i = 0; i < 1000; ++i) a().submit([&order, i] { order.push_back(i); });
  a().synchronize();
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST_P(Streams, AnEventIsDoneWhenWhatCameBeforeIs) {
  std::atomic<bool> ran{false};
  a().submit([&] { ran = true; });
  std::shared_ptr<Event> event = a().record();
  event->synchronize();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(event->is_done());
}

TEST_P(Streams, PollingAnEventMakesProgress) {
  std::atomic<bool> ran{false};
  a().submit([&] { ran = true; });
  std::shared_ptr<Event> event = a().record();
  while (!event->is_done()) std::this_thread::yield();
  EXPECT_TRUE(ran);
}

TEST_P(Streams, AnEventOrdersWorkAcrossStreams) {
  for (int round = 0; round < 50; ++round) {
    int value = 0, seen = -1;
    a().submit([&] { value = round; });
    b().wait(a().record());
    b().submit([&] { seen = value; });
    b().synchronize();
    ASSERT_EQ(seen, round);
  }
}

TEST_P(Streams, ChainsOfWaitsEnd) {
  int value = 0;
  for (int i = 0; i < 100; ++i) {
    Stream& from = i % 2 ? a() : b();
    Stream& to = i % 2 ? b() : a();
    from.submit([&value] { ++value; });
    to.wait(from.record());
  }
  a().synchronize();
  b().synchronize();
  EXPECT_EQ(value, 100);
}

TEST_P(Streams, WhatATaskHeldIsFreeWhenItIsDone) {
  auto held = std::make_shared<int>(1);
  a().submit([held] {});
  a().synchronize();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_P(Streams, SeveralThreadsMaySubmit) {
  std::atomic<int> runs{0};
  std::vector<std::thread> users;
  for (int t = 0; t < 4; ++t)
    users.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        Stream& stream = i % 2 ? a() : b();
        stream.submit([&] { ++runs; });
        if (i % 50 == 0) stream.synchronize();
      }
    });
  for (std::thread& user : users) user.join();
  synchronize_all();
  EXPECT_EQ(runs.load(), 800);
}

INSTANTIATE_TEST_SUITE_P(Devices, Streams,
                         testing::Values(std::pair(kCpu1, kCpu2), std::pair(kFake0, kFake1),
                                         std::pair(kCpu1, kFake0), std::pair(kFake0, kCpu1),
                                         std::pair(kCpu, kCpu1), std::pair(kCpu1, kCpu)));

TEST(InlineStream, RunsAtOnceOnTheCallersThread) {
  std::thread::id where;
  default_stream(kCpu).submit([&] { where = std::this_thread::get_id(); });
  EXPECT_EQ(where, std::this_thread::get_id());
  EXPECT_TRUE(default_stream(kCpu).is_inline());
}

TEST(QueueStream, RunsOnAThreadOfItsOwn) {
  std::thread::id one, two;
  default_stream(kCpu1).submit([&] { one = std::this_thread::get_id(); });
  default_stream(kCpu2).submit([&] { two = std::this_thread::get_id(); });
  synchronize_all();
  EXPECT_NE(one, std::this_thread::get_id());
  EXPECT_NE(one, two);
}

TEST(QueueStream, SubmitDoesNotWait) {
  std::promise<void> gate;
  default_stream(kCpu1).submit([future = gate.get_future().share()] { future.wait(); });
  std::shared_ptr<Event> event = default_stream(kCpu1).record();
  EXPECT_FALSE(event->is_done());
  gate.set_value();
  event->synchronize();
}

TEST(QueueStream, AWaitEndsWhenTheUserCancels) {
  std::promise<void> gate;
  default_stream(kCpu1).submit([future = gate.get_future().share()] { future.wait(); });
  std::thread user([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    request_cancel();
  });
  try {
    synchronize(kCpu1);
    FAIL() << "not cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
  user.join();
  EXPECT_TRUE(consume_cancel());
  EXPECT_FALSE(consume_cancel());
  gate.set_value();
  synchronize(kCpu1);
}

TEST(QueueStream, AHostThatRunsAheadIsHeldBackAndLosesNothing) {
  int runs = 0;
  for (int i = 0; i < 5000; ++i) default_stream(kCpu1).submit([&] { ++runs; });
  synchronize(kCpu1);
  EXPECT_EQ(runs, 5000);
}

TEST(QueueStream, ThreadsEndAtExitThoughWorkIsQueued) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  auto exit_with_queued_work = [] {
    alarm(20);
    auto nap = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
    for (int i = 0; i < 100; ++i) {
      default_stream(kCpu2).submit(nap);
      default_stream(kCpu1).wait(default_stream(kCpu2).record());
      default_stream(kFake0).submit(nap);
    }
    std::exit(7);
  };
  EXPECT_EXIT(exit_with_queued_work(), testing::ExitedWithCode(7), "");
}

TEST(QueueStream, AForkedChildGetsAnErrorNotAHang) {
  default_stream(kCpu1).submit([] {});
  synchronize(kCpu1);
  EXPECT_TRUE(true_in_forked_child([] {
    try {
      default_stream(kCpu1).submit([] {});
      return false;
    } catch (const Error& error) {
      return std::string(error.what()).find("'cpu:1': this process was forked") != std::string::npos;
    }
  }));
#ifndef __SANITIZE_THREAD__  // the thread sanitizer cannot follow threads of a forked child
  EXPECT_TRUE(true_in_forked_child([] {
    bool ran = false;
    default_stream(kCpu9).submit([&] { ran = true; });  // not in use before the fork
    default_stream(kCpu9).synchronize();
    return ran;
  }));
#endif
}

TEST(Devices, UnknownOnesAreErrors) {
  EXPECT_ANY_THROW(default_stream({DeviceKind::kCpu, 64}));
  EXPECT_ANY_THROW(default_stream({DeviceKind::kFake, 4}));
  EXPECT_ANY_THROW(default_stream({DeviceKind::kCpu, 1000}));
  try {
    backend(DeviceKind::kCuda);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotImplemented);
    EXPECT_STREQ(error.what(), "device 'cuda': this build has no CUDA; use device 'cpu'");
  }
}

std::vector<int> order_across_streams(uint64_t seed) {
  synchronize_all();
  seed_fake_streams(seed);
  std::vector<int> order;
  for (int i = 0; i < 12; ++i) {
    default_stream(kFake0).submit([&order, i] { order.push_back(i); });
    default_stream(kFake1).submit([&order, i] { order.push_back(100 + i); });
  }
  synchronize_all();
  return order;
}

TEST(FakeStream, TheOrderAcrossStreamsIsRandomAndReproducible) {
  EXPECT_EQ(order_across_streams(1), order_across_streams(1));
  int different = 0;
  for (uint64_t seed = 2; seed < 10; ++seed)
    different += order_across_streams(seed) != order_across_streams(1);
  EXPECT_GE(different, 6);
}

TEST(FakeStream, WorkRunsLate) {
  seed_fake_streams(3);
  int at_once = 0;
  for (int i = 0; i < 100; ++i) {
    synchronize_all();
    bool ran = false;
    default_stream(kFake0).submit([&] { ran = true; });
    at_once += ran;
    synchronize_all();
    EXPECT_TRUE(ran);
  }
  EXPECT_LT(at_once, 60);
  EXPECT_GT(at_once, 5) << "now and then it is early, too";
}

TEST(FakeStream, ATaskThatWaitsForItsDeviceIsToldSo) {
  std::string text;
  default_stream(kFake0).submit([&] {
    default_stream(kFake0).submit([] {});
    try {
      default_stream(kFake0).synchronize();
    } catch (const Error& error) {
      text = error.what();
    }
  });
  default_stream(kFake0).synchronize();
  EXPECT_EQ(text, "fake: a task waits for a stream of its own device");
}

}  // namespace
}  // namespace miai
