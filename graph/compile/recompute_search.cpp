// The cheapest schedule under a limit: the step is played through with several budgets. A budget counts a
// dropped value until it goes, a schedule only until its last use, so a budget above the limit may still fit.
#include <algorithm>

#include "graph/compile/recompute.h"

namespace miai {
namespace {

constexpr double kPatience[] = {1, 0.5, 0};

class Search {
 public:
  explicit Search(const RecomputeProblem& problem)
      : problem_(problem), most_(peak_of(problem, plain_schedule(problem))) {
    for (const CostedStep& s : problem.steps) {
      int64_t sum = s.workspace;
      for (const std::vector<int>* buffers : {&s.reads, &s.writes})
        for (int b : *buffers) sum += problem.bytes[static_cast<size_t>(b)];
      for (int b : s.may_take) sum = std::min(sum, sum - problem.bytes[static_cast<size_t>(b)]);
      least_ = std::max(least_, sum);
    }
  }

  std::optional<Schedule> cheapest(int64_t limit) {
    if (most_ <= limit) return plain_schedule(problem_);
    limit_ = limit;
    double patience = kPatience[0], cost = 0;
    for (double p : kPatience)
      if (attempt(limit, p) && (cost == 0 || best_cost_ < cost)) cost = best_cost_, patience = p;
    if (best_) {
      widest(limit, patience);
    } else {
      for (double p : kPatience)
        if (narrower(p)) break;
    }
    return std::move(best_);
  }

  Schedule smallest() {
    Schedule smallest = plain_schedule(problem_);
    int64_t peak = most_;
    for (double patience : kPatience) {
      int64_t low = least_ / 2, high = most_;
      for (int i = 0; i < kHalvings && low < high; ++i) {
        int64_t middle = low + (high - low) / 2;
        std::optional<Schedule> found = schedule_within(problem_, middle, patience);
        if (found) *found = without_idle_runs(problem_, std::move(*found));
        int64_t p = found ? peak_of(problem_, *found) : most_;
        if (p < peak) smallest = std::move(*found), peak = p;
        found ? high = middle : low = middle + 1;
      }
    }
    return smallest;
  }

 private:
  static constexpr int kHalvings = 10;

  /// Whether a schedule for this budget fits; the cheapest one is kept.
  bool attempt(int64_t budget, double patience) {
    std::optional<Schedule> found = schedule_within(problem_, budget, patience);
    if (!found) return false;
    *found = without_idle_runs(problem_, std::move(*found));
    if (peak_of(problem_, *found) > limit_) return false;
    *found = keep_what_fits(problem_, std::move(*found), limit_);
    double cost = cost_of(problem_, *found);
    if (!best_ || cost < best_cost_) best_ = std::move(found), best_cost_ = cost;
    return true;
  }

  /// Budgets above one that fits.
  void widest(int64_t low, double patience) {
    constexpr int kTries = 5;
    int64_t high = std::min(most_, 2 * low);
    for (int i = 0; i < kTries; ++i) {
      int64_t middle = low + (high - low) / 2;
      attempt(middle, patience) ? low = middle : high = middle;
    }
  }

  /// Budgets below one that does not.
  bool narrower(double patience) {
    constexpr int kTries = 6;
    for (int i = 1; i <= kTries; ++i)
      if (attempt(limit_ - (limit_ - least_ / 2) / kTries * i, patience)) return true;
    return false;
  }

  const RecomputeProblem& problem_;
  int64_t most_, least_ = 0;  // bytes without recomputation; bytes of the largest step
  int64_t limit_ = 0;
  std::optional<Schedule> best_;
  double best_cost_ = 0;
};

}  // namespace

std::optional<Schedule> cheapest_schedule(const RecomputeProblem& problem, int64_t limit) {
  return Search(problem).cheapest(limit);
}

Schedule smallest_schedule_for(const RecomputeProblem& problem, double most) {
  constexpr int kHalvings = 8;
  Schedule best = plain_schedule(problem);
  int64_t low = 0, high = peak_of(problem, best);
  for (int i = 0; i < kHalvings; ++i) {
    int64_t middle = low + (high - low) / 2;
    std::optional<Schedule> found = cheapest_schedule(problem, middle);
    bool fits = found && cost_of(problem, *found) <= most;
    if (fits) best = std::move(*found);
    fits ? high = peak_of(problem, best) : low = middle;
  }
  return best;
}

Schedule smallest_schedule(const RecomputeProblem& problem) { return Search(problem).smallest(); }

}  // namespace miai
