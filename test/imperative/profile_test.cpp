// What a profile sees of eager calls, and whose it is.
#include "imperative/profile.h"

#include <gtest/gtest.h>

#include <thread>

#include "imperative/dispatch.h"

namespace miai {
namespace {

Var numbers(Device device) {
  std::vector<float> data(6, 1.5f);
  return to_var(value_from_host(DType::kFloat32, {6}, device, data.data()));
}

Vars add(const Var& x) {
  std::vector<Var> inputs{x, x};
  return dispatch(find_op("add"), Attrs(), inputs);
}

class ProfileOn : public ::testing::TestWithParam<const char*> {};

TEST_P(ProfileOn, EachCallIsOneEvent) {
  Var x = numbers(parse_device(GetParam()));
  add(x);
  auto profile = Profile::start();
  Vars outputs;
  for (int i = 0; i < 3; ++i) outputs = add(x);
  profile->stop();
  add(x);
  ASSERT_EQ(profile->events().size(), 3u);
  int64_t end = 0;
  for (const auto& event : profile->events()) {
    EXPECT_EQ(event->op, "add");
    EXPECT_FALSE(event->kernel.empty());
    EXPECT_EQ(event->flops, 6);
    EXPECT_EQ(event->bytes, 3 * 4 * 6);
    EXPECT_EQ(event->inputs.size(), 2u);
    EXPECT_EQ(event->outputs[0].shape, Shape{6});
    EXPECT_EQ(event->instruction, -1);
    EXPECT_GE(event->start, end);  // a stream works in order
    EXPECT_GT(event->duration, 0);
    EXPECT_GT(event->thread, 0);
    end = event->start + event->duration;
  }
}
INSTANTIATE_TEST_SUITE_P(Devices, ProfileOn, ::testing::Values("cpu", "cpu:1", "fake"));

TEST(Profile, AThreadHasOneAtATime) {
  auto profile = Profile::start();
  EXPECT_EQ(Profile::current(), profile.get());
  EXPECT_THROW(Profile::start(), Error);
  EXPECT_THROW(profile->events(), Error);
  std::thread([&] {
    EXPECT_EQ(Profile::current(), nullptr);
    EXPECT_THROW(profile->stop(), Error);
    auto other = Profile::start();
    add(numbers(Device()));
    other->stop();
    EXPECT_EQ(other->events().size(), 1u);
  }).join();
  profile->stop();
  EXPECT_EQ(Profile::current(), nullptr);
  EXPECT_TRUE(profile->events().empty());
  EXPECT_THROW(profile->stop(), Error);
}

TEST(Profile, ACallThatRaisesIsNoEvent) {
  Var x = numbers(Device());
  auto profile = Profile::start();
  EXPECT_THROW(dispatch(find_op("matmul"), Attrs(), std::vector<Var>{x, Var()}), Error);
  profile->stop();
  EXPECT_TRUE(profile->events().empty());
}

}  // namespace
}  // namespace miai
