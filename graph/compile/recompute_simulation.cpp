// A schedule for a budget, found by playing the step through.
#include <algorithm>

#include "graph/compile/recompute_pool.h"

namespace miai {
namespace {

class Simulation {
 public:
  Simulation(const RecomputeProblem& problem, int64_t budget, double patience)
      : problem_(problem), budget_(budget), pool_(problem, patience) {
    for (const CostedStep& s : problem.steps) cost_left_ += kMostTime * s.cost;
    runs_left_ = kMostTime * problem.steps.size() + 1000;
  }

  std::optional<Schedule> run() {
    for (size_t s = 0; s < problem_.steps.size(); ++s) {
      pool_.start(static_cast<int>(s));
      begin(static_cast<int>(s), true);
      while (!calls_.empty())
        if (!advance()) return std::nullopt;
    }
    return std::move(schedule_);
  }

 private:
  static constexpr size_t kMostTime = 12;  // that of the step without recomputation

  /// A step that is to run once its inputs are there.
  struct Call {
    int step = 0;
    bool is_first = false;
    std::vector<int> inputs;  // those that are there come first
    size_t locked = 0;        // how many are held
  };

  void begin(int s, bool is_first) {
    Call call{s, is_first, Run{s, is_first}.of(problem_).reads};
    std::stable_partition(call.inputs.begin(), call.inputs.end(), [&](int b) { return pool_.is_there(b); });
    calls_.push_back(std::move(call));
  }

  /// Holds the inputs of the innermost call as far as they are there, and runs it, or what it lacks.
  bool advance() {
    Call& call = calls_.back();
    for (; call.locked < call.inputs.size(); ++call.locked) {
      int input = call.inputs[call.locked];
      if (!pool_.is_there(input)) {
        if (!pool_.may_repeat(input)) return false;
        begin(pool_.maker(input), false);
        return true;
      }
      pool_.lock(input);
    }
    Call ready = std::move(call);
    calls_.pop_back();
    return execute(ready);
  }

  bool execute(const Call& call) {
    Run run{call.step, call.is_first};
    const CostedStep& s = run.of(problem_);
    int64_t needed = s.workspace - taken_over(call, s);
    for (int b : s.writes) needed += problem_.bytes[static_cast<size_t>(b)];
    while (pool_.bytes_there() + needed > budget_)
      if (!pool_.drop_one() && !give_up_held()) return false;
    cost_left_ -= s.cost;
    if (cost_left_ < 0 || runs_left_ == 0) return false;
    --runs_left_;
    for (int b : s.writes) {
      if (!pool_.is_wanted(b) || pool_.is_there(b)) continue;
      pool_.put(b);
      if (!call.is_first) run.again.push_back(b);
    }
    schedule_.push_back(std::move(run));
    for (int b : s.reads) {
      if (call.is_first) pool_.pass_use(b);
      pool_.unlock(b);
    }
    return true;
  }

  /// Drops an input that a waiting call holds, the one that waits longest first: it is computed again once
  /// what the call lacks is there.
  bool give_up_held() {
    for (Call& call : calls_) {
      auto held = call.inputs.begin() + static_cast<std::ptrdiff_t>(call.locked);
      auto found = std::find_if(call.inputs.begin(), held, [&](int b) { return pool_.give_up(b); });
      if (found == held) continue;
      std::rotate(found, found + 1, call.inputs.end());
      --call.locked;
      return true;
    }
    return false;
  }

  /// Bytes of an input that dies here and may be written over.
  int64_t taken_over(const Call& call, const CostedStep& run) const {
    for (int b : run.may_take)
      if (pool_.locks(b) == 1 && pool_.is_dying(b, call.step, call.is_first))
        return problem_.bytes[static_cast<size_t>(b)];
    return 0;
  }

  const RecomputeProblem& problem_;
  int64_t budget_;
  RecomputePool pool_;
  std::vector<Call> calls_;
  Schedule schedule_;
  double cost_left_ = 0;
  size_t runs_left_ = 0;
};

}  // namespace

std::optional<Schedule> schedule_within(const RecomputeProblem& problem, int64_t budget, double patience) {
  return Simulation(problem, budget, patience).run();
}

}  // namespace miai
