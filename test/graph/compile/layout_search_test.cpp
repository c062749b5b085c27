#include "graph/compile/layout_search.h"

#include <gtest/gtest.h>

#include <random>

namespace miai {
namespace {

/// Images in groups of their own, `copy` seconds each.
LayoutProblem problem_of(int images, double copy) {
  LayoutProblem problem;
  for (int i = 0; i < images; ++i) problem.images.push_back({i, copy, true});
  problem.groups = images;
  return problem;
}

TEST(LayoutSearch, AChainThatGainsLiesChannelsLast) {
  LayoutProblem problem = problem_of(4, 1);
  for (int i = 0; i < 3; ++i) problem.steps.push_back({{i, i + 1}, 7, 5});
  problem.images[0].can_be = false;   // an input
  problem.steps.push_back({{3}, 0});  // the output is row-major: a copy
  std::vector<bool> lies = search_layouts(problem);
  EXPECT_TRUE(lies[1] && lies[2]);  // to copy the last one after its step or in it costs the same
}

TEST(LayoutSearch, AStepThatIsQuickerRowMajorGivesWayWhereCopiesCostMore) {
  LayoutProblem problem = problem_of(4, 1);
  problem.steps = {{{0, 1}, 20, 5}, {{1, 2}, 4, 5}, {{2, 3}, 20, 5}};
  EXPECT_EQ(search_layouts(problem), (std::vector<bool>{true, true, true, true}));
  problem.steps[1] = {{1, 2}, 2, 5};  // worth two copies
  EXPECT_EQ(search_layouts(problem)[0], true);
  EXPECT_EQ(search_layouts(problem)[3], true);
}

TEST(LayoutSearch, ImagesOfAGroupLieAlike) {
  LayoutProblem problem = problem_of(3, 1);
  problem.images[2].group = 1;
  problem.images[1].copy_seconds = 3;
  problem.groups = 2;
  problem.steps = {{{0, 1}, 9, 5}, {{1, 2}, 0, 0}, {{2}, 0}};
  EXPECT_EQ(search_layouts(problem), (std::vector<bool>{true, true}));
  problem.images[2].copy_seconds = 10;
  EXPECT_EQ(search_layouts(problem)[1], false);
}

double cost_of(const LayoutProblem& problem, const std::vector<bool>& lies) {
  double total = 0;
  for (const LayoutProblem::Step& step : problem.steps) {
    double forms[] = {step.row_major, step.channels_last};
    for (int i : step.images) {
      const LayoutProblem::Image& image = problem.images[static_cast<size_t>(i)];
      forms[image.can_be && lies[static_cast<size_t>(image.group)] ? 0 : 1] += image.copy_seconds;
    }
    total += std::min(forms[0], forms[1]);
  }
  return total;
}

TEST(LayoutSearch, IsNeverFarFromTheBest) {
  std::mt19937 rng(1);
  std::uniform_real_distribution<double> seconds(0, 10);
  for (int trial = 0; trial < 200; ++trial) {
    LayoutProblem problem = problem_of(10, 0);
    for (LayoutProblem::Image& image : problem.images) image.copy_seconds = seconds(rng) / 3;
    for (int i = 0; i < 12; ++i)
      problem.steps.push_back(
          {{static_cast<int>(rng() % 10), static_cast<int>(rng() % 10)}, seconds(rng), seconds(rng)});
    double best = 1e9;
    for (unsigned bits = 0; bits < 1024; ++bits) {
      std::vector<bool> lies;
      for (unsigned i = 0; i < 10; ++i) lies.push_back(bits >> i & 1);
      best = std::min(best, cost_of(problem, lies));
    }
    EXPECT_LE(cost_of(problem, search_layouts(problem)), 1.15 * best) << "trial " << trial;
  }
}

}  // namespace
}  // namespace miai
