// Schedules that compute values again, on steps and buffers alone.
#include "graph/compile/recompute.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace miai {
namespace {

/// A problem, step by step.
struct Problem : RecomputeProblem {
  int buffer(int64_t size) {
    bytes.push_back(size);
    return static_cast<int>(bytes.size()) - 1;
  }
  /// The buffer that a new step computes from these.
  int add(std::vector<int> reads, int64_t size, double cost, bool may_repeat = true) {
    int made = buffer(size);
    std::sort(reads.begin(), reads.end());
    reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
    steps.push_back({std::move(reads), {made}, {}, 0, cost, may_repeat});
    return made;
  }
};

constexpr int64_t kSize = 1 << 20;

/// Forward and backward of `layers` convolutions with norm, activation and a sum with what was before.
Problem residual_chain(int layers) {
  Problem p;
  int x = p.add({}, kSize, 1);
  std::vector<std::array<int, 4>> saved;
  for (int i = 0; i < layers; ++i) {
    int conv = p.add({x}, kSize, 10), norm = p.add({conv}, kSize, 1);
    int sum = p.add({norm, x}, kSize, 1);
    int next = p.add({sum}, kSize, 1);
    saved.push_back({x, conv, norm, next});
    x = next;
  }
  int grad = p.add({x}, kSize, 1);
  for (int i = layers - 1; i >= 0; --i) {
    auto [in, conv, norm, out] = saved[static_cast<size_t>(i)];
    int dsum = p.add({grad, out}, kSize, 1), dnorm = p.add({dsum, conv}, kSize, 2);
    p.add({dnorm, in}, 1024, 10, false);
    int dx = p.add({dnorm}, kSize, 10);
    grad = p.add({dx, dsum}, kSize, 1);
  }
  return p;
}

/// Lets the last step's first result be computed again from its inputs and its second result.
void add_repeat(Problem& p, double cost) {
  CostedStep& step = p.steps.back();
  CostedStep repeat{step.reads, {step.writes[0]}, {}, 0, cost, true};
  repeat.reads.push_back(step.writes[1]);
  step.repeat = static_cast<int>(p.repeats.size());
  p.repeats.push_back(std::move(repeat));
}

/// Checked without any of the search's own code: first runs in order, each once, later runs only of steps
/// that may repeat, and never a read of what is not there (a value lives until it is written again).
void expect_valid(const RecomputeProblem& p, const Schedule& schedule) {
  int next = 0;
  for (const Run& run : schedule) {
    const CostedStep& step = run.of(p);
    if (run.is_first) {
      ASSERT_EQ(run.step, next++);
    } else {
      ASSERT_LT(run.step, next);
      ASSERT_TRUE(step.may_repeat);
      ASSERT_FALSE(run.again.empty());
    }
    for (int b : run.again)
      ASSERT_NE(std::find(step.writes.begin(), step.writes.end(), b), step.writes.end());
  }
  ASSERT_EQ(next, static_cast<int>(p.steps.size()));
}

/// The peak by brute force; nothing is written over.
int64_t plain_peak(const RecomputeProblem& p, const Schedule& schedule) {
  int64_t peak = 0;
  std::vector<std::set<int>> live(schedule.size());  // buffers, by run
  std::vector<int64_t> unread(schedule.size());
  std::vector<int> since(p.bytes.size(), -1);
  for (size_t r = 0; r < schedule.size(); ++r) {
    const CostedStep& step = schedule[r].of(p);
    for (int b : step.reads)
      for (size_t at = static_cast<size_t>(since[static_cast<size_t>(b)]); at <= r; ++at) live[at].insert(b);
    const std::vector<int>& kept = schedule[r].is_first ? step.writes : schedule[r].again;
    for (int b : kept) since[static_cast<size_t>(b)] = static_cast<int>(r);
    live[r].insert(kept.begin(), kept.end());
    for (int b : step.writes)  // into memory of its own: the one that others read may be there still
      if (std::find(kept.begin(), kept.end(), b) == kept.end()) unread[r] += p.bytes[static_cast<size_t>(b)];
  }
  for (size_t r = 0; r < schedule.size(); ++r) {
    int64_t sum = schedule[r].of(p).workspace + unread[r];
    for (int b : live[r]) sum += p.bytes[static_cast<size_t>(b)];
    peak = std::max(peak, sum);
  }
  return peak;
}

double added_time(const RecomputeProblem& p, const Schedule& schedule) {
  return cost_of(p, schedule) / cost_of(p, plain_schedule(p)) - 1;
}

TEST(Recompute, NothingRunsAgainWithoutNeed) {
  Problem p = residual_chain(10);
  int64_t most = peak_of(p, plain_schedule(p));
  auto schedule = cheapest_schedule(p, most);
  ASSERT_TRUE(schedule);
  EXPECT_EQ(schedule->size(), p.steps.size());
  EXPECT_EQ(most, plain_peak(p, *schedule));
}

TEST(Recompute, ATwentiethOfTheMemoryOfAThousandLayers) {
  Problem p = residual_chain(1000);
  int64_t most = peak_of(p, plain_schedule(p));
  for (int share : {4, 20, 40}) {
    auto schedule = cheapest_schedule(p, most / share);
    ASSERT_TRUE(schedule) << share;
    expect_valid(p, *schedule);
    EXPECT_LE(plain_peak(p, *schedule), most / share);
    EXPECT_LE(added_time(p, *schedule), share <= 20 ? 0.5 : 1.0) << share;
  }
}

TEST(Recompute, SeveralLevelsDeep) {
  Problem p = residual_chain(300);
  int64_t most = peak_of(p, plain_schedule(p));
  Schedule schedule = smallest_schedule(p);
  expect_valid(p, schedule);
  EXPECT_LE(plain_peak(p, schedule),
            most / 40);  // two levels alone would need more than 2 * sqrt(1200) of 1200
}

TEST(Recompute, ChainsThatTheBackwardPassDoesNotReadAreKeptInPlaces) {
  Problem p;
  std::vector<int> saved;
  int x = p.add({}, kSize, 1);
  for (int i = 0; i < 400; ++i) {
    x = p.add({x}, kSize, 1);
    saved.push_back(p.add({x}, kSize, 1));
  }
  int grad = p.add({x}, kSize, 1);
  for (auto it = saved.rbegin(); it != saved.rend(); ++it) grad = p.add({grad, *it}, kSize, 1);
  auto schedule = cheapest_schedule(p, 60 * kSize);
  ASSERT_TRUE(schedule);
  expect_valid(p, *schedule);
  EXPECT_LE(plain_peak(p, *schedule), 60 * kSize);
  EXPECT_LE(added_time(p, *schedule), 1.5);
}

TEST(Recompute, CheapStepsRunAgainFirst) {
  Problem p;
  int x = p.add({}, kSize, 1);
  int dear = p.add({x}, kSize, 100), cheap = p.add({x}, kSize, 1);
  int large = p.add({p.add({}, 3 * kSize, 1)}, 3 * kSize, 1);
  p.add({p.add({p.add({large, dear}, kSize, 1), cheap}, kSize, 1), x}, kSize, 1);
  auto schedule = cheapest_schedule(p, peak_of(p, plain_schedule(p)) - 1);
  ASSERT_TRUE(schedule);
  expect_valid(p, *schedule);
  EXPECT_LT(added_time(p, *schedule), 0.02);
}

TEST(Recompute, ALaterRunMayTakeLess) {
  Problem p;
  int x = p.add({}, kSize, 1), norm = p.add({x}, kSize, 10);
  int statistics = p.buffer(64);
  p.steps.back().writes.push_back(statistics);
  add_repeat(p, 1);
  int large = p.add({norm}, 4 * kSize, 1, false);
  int grad = p.add({large}, kSize, 1);
  p.add({grad, norm, x}, kSize, 1);
  auto schedule = cheapest_schedule(p, peak_of(p, plain_schedule(p)) - kSize);
  ASSERT_TRUE(schedule);
  expect_valid(p, *schedule);
  EXPECT_EQ(cost_of(p, *schedule), cost_of(p, plain_schedule(p)) + 1);
}

TEST(Recompute, WhatALaterRunNeedsStaysWhereItIsSmall) {
  Problem p;
  int x = p.add({}, kSize, 1), out = p.add({x}, kSize, 10), statistics = p.buffer(64);
  p.steps.back().writes.push_back(statistics);
  add_repeat(p, 1);
  p.add({statistics}, 64, 1);  // the last to read them
  int large = p.add({}, 2 * kSize, 1);
  p.add({p.add({large}, 64, 1), out}, 64, 1);
  auto schedule = cheapest_schedule(p, 2 * kSize + 1024);
  ASSERT_TRUE(schedule);
  expect_valid(p, *schedule);
  EXPECT_LE(plain_peak(p, *schedule), 2 * kSize + 1024);
}

TEST(Recompute, InputsThatWaitForOthersAreGivenUp) {
  Problem p;
  std::vector<int> leaves;
  for (int i = 0; i < 6; ++i) leaves.push_back(p.add({}, kSize, 1));
  int sum = leaves.back();
  for (int i = 4; i >= 0; --i) sum = p.add({leaves[static_cast<size_t>(i)], sum}, kSize, 1);
  p.add({}, 64, 1);
  p.steps.back().workspace = 3 * kSize;  // nothing stays
  p.add({sum}, 64, 1);
  int64_t limit = 3 * kSize + 1024;
  auto schedule = cheapest_schedule(p, limit);
  ASSERT_TRUE(schedule);
  expect_valid(p, *schedule);
  EXPECT_LE(plain_peak(p, *schedule), limit);
}

TEST(Recompute, TheSmallestForItsTime) {
  Problem p = residual_chain(100);
  double plain = cost_of(p, plain_schedule(p));
  int64_t before = peak_of(p, plain_schedule(p));
  for (double share : {1.05, 1.2, 1.5}) {
    Schedule schedule = smallest_schedule_for(p, share * plain);
    expect_valid(p, schedule);
    EXPECT_LE(cost_of(p, schedule), share * plain);
    EXPECT_LT(plain_peak(p, schedule), before) << share;
    before = plain_peak(p, schedule);
  }
}

TEST(Recompute, WhatMayNotRunAgainStays) {
  Problem p;
  int effect = p.add({}, kSize, 1, false), x = p.add({effect}, kSize, 1);
  int y = x;
  for (int i = 0; i < 6; ++i) y = p.add({y}, kSize, 1);
  p.add({x, y}, kSize, 1);
  Schedule schedule = smallest_schedule(p);
  expect_valid(p, schedule);
  EXPECT_EQ(plain_peak(p, schedule), 3 * kSize);
}

TEST(Recompute, RandomStepsWithinRandomLimits) {
  std::mt19937 random(5);
  auto number = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  int saved = 0;
  for (int graph = 0; graph < 400; ++graph) {
    Problem p;
    int count = number(3, 60);
    for (int i = 0; i < count; ++i) {
      std::vector<int> reads;
      int made = static_cast<int>(p.bytes.size());
      for (int k = number(0, 3); k > 0 && made > 0; --k)
        reads.push_back(number(number(0, 1) ? std::max(0, made - 4) : 0, made - 1));
      p.add(reads, number(0, 6) * kSize, number(1, 20), number(0, 9) > 0);
      if (number(0, 3) == 0) {
        p.steps.back().writes.push_back(p.buffer(number(0, 3) * kSize));
        if (p.steps.back().may_repeat && number(0, 1)) add_repeat(p, 0.5);
      }
      if (number(0, 3) == 0) p.steps.back().workspace = number(0, 2) * kSize;
    }
    int64_t most = peak_of(p, plain_schedule(p));
    ASSERT_EQ(most, plain_peak(p, plain_schedule(p)));
    Schedule smallest = smallest_schedule(p);
    ASSERT_NO_FATAL_FAILURE(expect_valid(p, smallest)) << graph;
    int64_t least = plain_peak(p, smallest);
    ASSERT_EQ(least, peak_of(p, smallest));
    saved += least < most;
    int64_t limit = least + (most - least) * number(0, 100) / 100;
    auto schedule = cheapest_schedule(p, limit);
    if (!schedule) continue;
    ASSERT_NO_FATAL_FAILURE(expect_valid(p, *schedule)) << graph;
    ASSERT_LE(plain_peak(p, *schedule), limit) << graph;
  }
  EXPECT_GT(saved, 100);
}

}  // namespace
}  // namespace miai
