#include "runtime/plan_memory.h"

#include <gtest/gtest.h>

#include <random>

namespace miai {
namespace {

/// Checked without any of the planner's own code: no two buffers that live together share a byte.
void expect_valid(const std::vector<LiveBuffer>& buffers, const MemoryLayout& layout) {
  ASSERT_EQ(layout.offsets.size(), buffers.size());
  int end = 0;
  for (const LiveBuffer& b : buffers) end = std::max(end, b.last);
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(layout.offsets[i] % 64, 0);
    if (buffers[i].bytes) {
      EXPECT_LE(layout.offsets[i] + buffers[i].bytes, layout.total);
    }
    for (size_t j = i + 1; j < buffers.size(); ++j) {
      bool together = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
      bool apart = layout.offsets[i] + buffers[i].bytes <= layout.offsets[j] ||
                   layout.offsets[j] + buffers[j].bytes <= layout.offsets[i];
      if (together && buffers[i].bytes && buffers[j].bytes) {
        ASSERT_TRUE(apart) << i << " and " << j;
      }
    }
  }
  int64_t most = 0;
  for (int t = 0; t <= end; ++t) {
    int64_t live = 0;
    for (const LiveBuffer& b : buffers)
      if (b.first <= t && t <= b.last) live += (b.bytes + 63) / 64 * 64;
    most = std::max(most, live);
  }
  EXPECT_EQ(layout.lower_bound, most);
  EXPECT_GE(layout.total, most);
}

TEST(PlanMemory, NothingNeedsNothing) {
  MemoryLayout layout = plan_memory({});
  EXPECT_EQ(layout.total, 0);
  EXPECT_EQ(layout.lower_bound, 0);
}

TEST(PlanMemory, DeadMemoryIsUsedAgain) {
  std::vector<LiveBuffer> chain{{1024, 0, 1}, {1024, 1, 2}, {1024, 2, 3}, {1024, 3, 4}};
  MemoryLayout layout = plan_memory(chain);
  expect_valid(chain, layout);
  EXPECT_EQ(layout.total, 2048);
}

TEST(PlanMemory, TheSmallestGapThatFitsIsTaken) {
  std::vector<LiveBuffer> buffers{{1000, 0, 9}, {640, 0, 2}, {64, 0, 9},
                                  {128, 0, 2},  {64, 0, 9},  {120, 4, 9}};
  MemoryLayout layout = plan_memory(buffers);
  expect_valid(buffers, layout);
  EXPECT_EQ(layout.total, layout.lower_bound);
}

TEST(PlanMemory, RandomBuffersNeverOverlap) {
  std::mt19937 random(7);
  auto number = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int graph = 0; graph < 1000; ++graph) {
    std::vector<LiveBuffer> buffers;
    int count = number(1, 40), steps = number(1, 30);
    for (int i = 0; i < count; ++i) {
      int first = number(0, steps), last = std::min(steps, first + number(0, number(1, steps)));
      buffers.push_back({number(0, 4) ? number(0, 5000) : number(0, 200) * 64, first, last});
    }
    expect_valid(buffers, plan_memory(buffers));
  }
}

/// Forward activations that wait for the backward pass, and gradients that go again: what training looks
/// like.
TEST(PlanMemory, TrainingStepsAreAtTheLowerBound) {
  int exact = 0;
  std::mt19937 random(11);
  for (int graph = 0; graph < 50; ++graph) {
    std::vector<LiveBuffer> buffers;
    int layers = std::uniform_int_distribution<int>(5, 60)(random);
    std::vector<int64_t> sizes;
    for (int i = 0; i < layers; ++i)
      sizes.push_back(int64_t{4096} << std::uniform_int_distribution<int>(0, 6)(random));
    int steps = 2 * layers;
    for (int i = 0; i < layers; ++i) {
      buffers.push_back({sizes[static_cast<size_t>(i)], i, steps - i});              // activation
      buffers.push_back({sizes[static_cast<size_t>(i)], steps - i, steps - i + 1});  // its gradient
      buffers.push_back({sizes[static_cast<size_t>(i)] / 2, i, i});                  // workspace
      buffers.push_back(
          {sizes[static_cast<size_t>(i)] / 8, steps - i, steps + 1});  // weight gradient, for commit
    }
    MemoryLayout layout = plan_memory(buffers);
    expect_valid(buffers, layout);
    EXPECT_LE(static_cast<double>(layout.total), 1.005 * static_cast<double>(layout.lower_bound)) << graph;
    exact += layout.total == layout.lower_bound;
  }
  EXPECT_GE(exact, 45);
}

}  // namespace
}  // namespace miai
