// A plan under a limit of memory: the draft's steps and buffers as a problem of recomputation, and back.
#include <algorithm>
#include <iomanip>
#include <sstream>

#include "graph/compile/draft.h"
#include "graph/compile/recompute.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// Which steps may run again.
enum class Repeats { kAny, kCheap };

/// An operator that counts its operations does more than read and write: it is not cheap.
bool may_repeat(const Step& step, Repeats repeats) {
  if (!step.choice.kernel || step.commits || !step.is_pure()) return false;
  return repeats == Repeats::kAny || !step.node || !step.node->op->cost;
}

/// A draft whose commit section is formed, and its steps as the search sees them: those of the commit section
/// are one step, the last.
class Recomputation {
 public:
  Recomputation(const Draft& draft, Repeats repeats)
      : draft_(draft), repeats_(repeats), number_(draft.buffers.size(), -1) {
    std::vector<bool> stays(draft.buffers.size());  // results: not in the arena
    for (const Place& place : draft.outputs) stays[static_cast<size_t>(place.buffer)] = true;
    for (const DraftWrite& write : draft.writes) stays[static_cast<size_t>(write.value.buffer)] = true;
    for (size_t b = 0; b < draft.buffers.size(); ++b) {
      if (draft.buffers[b].kind != BaseKind::kArena || stays[b]) continue;
      number_[b] = static_cast<int>(problem_.bytes.size());
      buffers_.push_back(static_cast<int>(b));
      problem_.bytes.push_back(rounded(draft.buffers[b].bytes));
    }
    for (const Step& step : draft.steps)
      if (!step.commits) add(step);
    problem_.steps.push_back(commit());
  }

  const RecomputeProblem& problem() const { return problem_; }

  /// The draft with its steps in this order, those that run again into buffers of their own.
  Draft scheduled(const Schedule& schedule) const {
    Draft draft = draft_;
    draft.steps.clear();
    std::vector<int> current(buffers_);
    for (const Run& run : schedule) {
      if (run.step == static_cast<int>(problem_.steps.size()) - 1) break;
      int repeat = run.is_first ? -1 : problem_.first_run(run.step).repeat;
      Step step =
          repeat < 0 ? draft_.steps[static_cast<size_t>(run.step)] : cheaper_[static_cast<size_t>(repeat)];
      read_current(step, current);
      if (!run.is_first) write_again(step, run, current, draft);
      draft.steps.push_back(std::move(step));
    }
    for (const Step& step : draft_.steps) {
      if (!step.commits) continue;
      draft.steps.push_back(step);
      read_current(draft.steps.back(), current);
    }
    return draft;
  }

 private:
  int number(const Place& place) const {
    return place.buffer < 0 ? -1 : number_[static_cast<size_t>(place.buffer)];
  }
  static void add_once(std::vector<int>& list, int buffer) {
    if (buffer >= 0 && std::find(list.begin(), list.end(), buffer) == list.end()) list.push_back(buffer);
  }

  void add(const Step& step) {
    CostedStep first = costed(step);
    std::optional<Step> cheaper = first.may_repeat ? cheaper_repeat(step) : std::nullopt;
    if (cheaper && number(cheaper->outputs[0]) >= 0) {
      first.repeat = static_cast<int>(cheaper_.size());
      problem_.repeats.push_back(costed(*cheaper));
      cheaper_.push_back(std::move(*cheaper));
    }
    problem_.steps.push_back(std::move(first));
  }

  CostedStep costed(const Step& step) const {
    CostedStep s;
    for (const Place& place : step.inputs) add_once(s.reads, number(place));
    for (const Place& place : step.outputs) add_once(s.writes, number(place));
    s.workspace = rounded(static_cast<int64_t>(step.choice.prepared.workspace_bytes));
    s.cost = step_seconds(step, draft_.times);
    s.may_repeat = may_repeat(step, repeats_);
    if (!step.outputs.empty() && number(step.outputs[0]) >= 0)
      for (size_t i = 0; i < step.inputs.size(); ++i)
        if (number(step.inputs[i]) >= 0 && may_take_over(draft_, step, i))
          add_once(s.may_take, number(step.inputs[i]));
    return s;
  }

  /// All at once: what the commit section reads is there when it begins.
  CostedStep commit() const {
    CostedStep all;
    std::vector<bool> is_known(problem_.bytes.size());  // read already, or written in there
    auto is_new = [&](const Place& place) -> bool {
      if (number(place) < 0 || is_known[static_cast<size_t>(number(place))]) return false;
      return is_known[static_cast<size_t>(number(place))] = true;
    };
    for (const Step& step : draft_.steps) {
      if (!step.commits) continue;
      for (const Place& place : step.outputs) is_new(place);
      for (const Place& place : step.inputs)
        if (is_new(place)) all.reads.push_back(number(place));
      all.workspace =
          std::max(all.workspace, rounded(static_cast<int64_t>(step.choice.prepared.workspace_bytes)));
    }
    return all;
  }

  void read_current(Step& step, const std::vector<int>& current) const {
    for (Place& place : step.inputs)
      if (number(place) >= 0) place.buffer = current[static_cast<size_t>(number(place))];
  }

  void write_again(Step& step, const Run& run, std::vector<int>& current, Draft& draft) const {
    step.repeats = true;
    for (Place& place : step.outputs) {
      int n = number(place);
      Buffer own = draft_.buffers[static_cast<size_t>(place.buffer)];
      place.buffer = draft.add_buffer({.bytes = own.bytes, .device = own.device});
      if (std::find(run.again.begin(), run.again.end(), n) != run.again.end())
        current[static_cast<size_t>(n)] = place.buffer;
    }
  }

  const Draft& draft_;
  Repeats repeats_;
  RecomputeProblem problem_;
  std::vector<Step> cheaper_;  // problem_.repeats as steps
  std::vector<int> number_;    // of a draft's buffer, in the problem; -1: not in the arena
  std::vector<int> buffers_;   // of the draft, by number
};

using Finish = FunctionRef<std::shared_ptr<Plan>(Draft)>;

/// A plan of at most `limit` bytes, `fixed` of which are outside of the arena; nullptr: none is found.
std::shared_ptr<Plan> find_plan(const Recomputation& recomputation, int64_t limit, int64_t fixed,
                                Finish finish) {
  constexpr int kTries = 6;
  int64_t goal = limit - fixed;
  for (int i = 0; i < kTries && goal > 0; ++i) {
    std::optional<Schedule> schedule = cheapest_schedule(recomputation.problem(), goal);
    if (!schedule) break;
    std::shared_ptr<Plan> plan = finish(recomputation.scheduled(*schedule));
    if (plan->peak_bytes() <= limit) return plan;
    goal -= plan->peak_bytes() - limit;  // the plan has gaps
  }
  return nullptr;
}

/// Independent of the limit, so that the one that an error names is one that works.
std::shared_ptr<Plan> smallest_plan(const Recomputation& recomputation, int64_t fixed, Finish finish) {
  std::shared_ptr<Plan> plan = finish(recomputation.scheduled(smallest_schedule(recomputation.problem())));
  while (auto smaller = find_plan(recomputation, plan->peak_bytes() - 1, fixed, finish)) plan = smaller;
  return plan;
}

std::string mebibytes(int64_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << static_cast<double>(bytes) / (1 << 20) << " MiB (" << bytes
       << " bytes)";
  return text.str();
}

}  // namespace

std::shared_ptr<Plan> plan_within(const Draft& draft, int64_t limit, const std::string& function,
                                  Finish finish) {
  std::shared_ptr<Plan> plan = finish(draft);
  if (plan->peak_bytes() <= limit) return plan;
  Recomputation recomputation(draft, Repeats::kAny);
  int64_t fixed = plan->peak_bytes() - plan->arena_bytes();
  if (auto found = find_plan(recomputation, limit, fixed, finish)) return found;
  plan = smallest_plan(recomputation, fixed, finish);
  if (plan->peak_bytes() <= limit) return plan;
  raise(ErrorKind::kValue, "memory_limit: ", mebibytes(limit), " are too few for '", function,
        "': the smallest limit possible is ", mebibytes(plan->peak_bytes()), ", ", mebibytes(fixed),
        " of which are inputs, states and outputs; raise the limit, or use a smaller batch");
}

std::shared_ptr<Plan> plan_cheaply(const Draft& draft, Finish finish) {
  constexpr double kMostTime = 1.05;  // of that without recomputation
  Recomputation recomputation(draft, Repeats::kCheap);
  const RecomputeProblem& problem = recomputation.problem();
  double plain = cost_of(problem, plain_schedule(problem));
  return finish(recomputation.scheduled(smallest_schedule_for(problem, kMostTime * plain)));
}

}  // namespace miai
