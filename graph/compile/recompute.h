// Less memory for more time: which values of a step are dropped after one use and computed again before the
// next. Decided for steps and buffers alone (no tensors, no kernels), so that it can be tested by itself.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace miai {

struct CostedStep {
  std::vector<int> reads, writes;  // buffers, each once
  std::vector<int> may_take;       // buffers read that the first output may be written over
  int64_t workspace = 0;
  double cost = 0;          // seconds, about
  bool may_repeat = false;  // no effect, nothing outside of the arena is written
  int repeat = -1;          // what later runs are, in RecomputeProblem::repeats; -1: the step itself
};

/// Steps in the order in which they run without recomputation. A buffer is written by one step, before it is
/// read.
struct RecomputeProblem {
  std::vector<int64_t> bytes;  // of each buffer
  std::vector<CostedStep> steps;
  std::vector<CostedStep> repeats;  // give some of a step's results, from some more of them, for less

  const CostedStep& first_run(int step) const { return steps[static_cast<size_t>(step)]; }
  const CostedStep& later_run(int step) const {
    const CostedStep& first = first_run(step);
    return first.repeat < 0 ? first : repeats[static_cast<size_t>(first.repeat)];
  }
};

/// One run of a step. A first run gives all its buffers; a later one those of `again`, anew.
struct Run {
  int step = 0;
  bool is_first = true;
  std::vector<int> again{};

  const CostedStep& of(const RecomputeProblem& problem) const {
    return is_first ? problem.first_run(step) : problem.later_run(step);
  }
};
using Schedule = std::vector<Run>;

/// Every step once.
Schedule plain_schedule(const RecomputeProblem& problem);
double cost_of(const RecomputeProblem& problem, const Schedule& schedule);
/// The largest sum of bytes that live at once, results over dying inputs counted once.
int64_t peak_of(const RecomputeProblem& problem, const Schedule& schedule);
/// Leaves out later runs that nobody needs.
Schedule without_idle_runs(const RecomputeProblem& problem, Schedule schedule);
/// Keeps values alive instead of computing them again where `limit` leaves room for it, the most time for the
/// fewest bytes first.
Schedule keep_what_fits(const RecomputeProblem& problem, Schedule schedule, int64_t limit);

/// Runs the steps in `budget` bytes: when they are full, the value goes whose recomputation costs least for
/// the bytes and the time until it is needed (to the power of `patience`); what is missing is computed again
/// at its next use, from values that may be missing too. nullopt: a step does not fit, or it takes too long.
std::optional<Schedule> schedule_within(const RecomputeProblem& problem, int64_t budget, double patience);

/// The cheapest schedule found whose peak is at most `limit`; nullopt if none is.
std::optional<Schedule> cheapest_schedule(const RecomputeProblem& problem, int64_t limit);
/// The schedule with the lowest peak found that costs at most `most`.
Schedule smallest_schedule_for(const RecomputeProblem& problem, double most);
/// The schedule with the lowest peak found, whatever its cost.
Schedule smallest_schedule(const RecomputeProblem& problem);

}  // namespace miai
