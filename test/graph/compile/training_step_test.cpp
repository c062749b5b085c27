// A training step as the tracer records it: forward, backward, update of the states.
#include <gtest/gtest.h>

#include "test/graph/common/residual_network.h"

namespace miai {
namespace {

using namespace testing;

TEST(TrainingStep, ArenaIsAtTheLowerBound) {
  use_toy_ops();
  for (int blocks : {1, 3, 6})
    for (int level : {0, 1, 2}) {
      ResidualNetwork network(blocks);
      auto executable = compile(*network.function, {.opt_level = level, .verify = true, .plan_limit = 4});
      MemoryReport report = executable->memory_report({{8, 3, 12, 12}, {8, 10}});
      EXPECT_LE(static_cast<double>(report.arena_bytes),
                1.005 * static_cast<double>(report.lower_bound_bytes))
          << blocks << " blocks, level " << level << "\n"
          << report.to_string();
      EXPECT_GT(report.commit_bytes, 0);
    }
}

TEST(TrainingStep, StatesAreWrittenInPlace) {
  use_toy_ops();
  ResidualNetwork network(2);
  for (int level : {0, 2}) {
    Execution execution(compile(*network.function, {.opt_level = level, .verify = true, .plan_limit = 4}));
    std::vector<StateSlot> states = first_states(*network.function);
    std::vector<StateSlot> before = states;
    execution.run({wave({8, 3, 12, 12}), wave({8, 10})}, states);
    for (size_t i = 0; i < states.size(); ++i)
      EXPECT_EQ(states[i].value.storage, before[i].value.storage) << network.function->states[i].name;
  }
}

TEST(TrainingStep, LevelsAgreeOverManySteps) {
  use_toy_ops();
  ResidualNetwork network(2);
  std::vector<std::vector<float>> losses;
  for (int level : {0, 1, 2}) {
    Execution execution(compile(*network.function, {.opt_level = level, .verify = true, .plan_limit = 4}));
    std::vector<StateSlot> states = first_states(*network.function);
    losses.emplace_back();
    for (int step = 0; step < 10; ++step)
      losses.back().push_back(values_of(execution.run({wave({8, 3, 12, 12}), wave({8, 10})}, states)[0])[0]);
  }
  EXPECT_LT(losses[0].back(), losses[0].front());
  for (size_t step = 0; step < losses[0].size(); ++step)
    for (int level : {1, 2})
      EXPECT_NEAR(losses[static_cast<size_t>(level)][step] / losses[0][step], 1, 1e-4) << step;
}

}  // namespace
}  // namespace miai
