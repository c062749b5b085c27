#include "graph/compile/layout_search.h"

#include <algorithm>

namespace miai {
namespace {

class LayoutSearch {
 public:
  explicit LayoutSearch(const LayoutProblem& problem)
      : problem_(problem), steps_of_(static_cast<size_t>(problem.groups)) {
    for (size_t s = 0; s < problem.steps.size(); ++s)
      for (int group : groups_of(problem.steps[s])) steps_of_[static_cast<size_t>(group)].push_back(s);
  }

  /// Improves `lies` until no change gains; the cost then.
  double improve(std::vector<bool>& lies) const {
    constexpr int kMostSweeps = 8;
    bool changed = true;
    for (int sweep = 0; changed && sweep < kMostSweeps; ++sweep) {
      changed = false;
      for (int group = 0; group < problem_.groups; ++group)
        changed |= try_change(lies, {group}, !lies[static_cast<size_t>(group)]);
      for (const LayoutProblem::Step& step : problem_.steps)
        for (bool to : {false, true}) changed |= try_change(lies, groups_of(step), to);
    }
    double total = 0;
    for (const LayoutProblem::Step& step : problem_.steps) total += cost(step, lies);
    return total;
  }

 private:
  const LayoutProblem::Image& image(int i) const { return problem_.images[static_cast<size_t>(i)]; }

  std::vector<int> groups_of(const LayoutProblem::Step& step) const {
    std::vector<int> groups;
    for (int i : step.images) groups.push_back(image(i).group);
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return groups;
  }

  double cost(const LayoutProblem::Step& step, const std::vector<bool>& lies) const {
    double row_major = step.row_major, channels_last = step.channels_last;
    for (int i : step.images) {
      bool is_last = image(i).can_be && lies[static_cast<size_t>(image(i).group)];
      (is_last ? row_major : channels_last) += image(i).copy_seconds;
    }
    return std::min(row_major, channels_last);
  }

  /// The cost of all steps that see one of the groups.
  double cost_around(const std::vector<int>& groups, const std::vector<bool>& lies) const {
    std::vector<size_t> steps;
    for (int group : groups) {
      const std::vector<size_t>& more = steps_of_[static_cast<size_t>(group)];
      steps.insert(steps.end(), more.begin(), more.end());
    }
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    double total = 0;
    for (size_t s : steps) total += cost(problem_.steps[s], lies);
    return total;
  }

  bool try_change(std::vector<bool>& lies, const std::vector<int>& groups, bool to) const {
    std::vector<bool> before;
    for (int group : groups) before.push_back(lies[static_cast<size_t>(group)]);
    if (std::all_of(before.begin(), before.end(), [&](bool b) { return b == to; })) return false;
    double cost_before = cost_around(groups, lies);
    for (int group : groups) lies[static_cast<size_t>(group)] = to;
    if (cost_around(groups, lies) < cost_before * (1 - 1e-9)) return true;
    for (size_t i = 0; i < groups.size(); ++i) lies[static_cast<size_t>(groups[i])] = before[i];
    return false;
  }

  const LayoutProblem& problem_;
  std::vector<std::vector<size_t>> steps_of_;  // that see a group
};

}  // namespace

std::vector<bool> search_layouts(const LayoutProblem& problem) {
  LayoutSearch search(problem);
  std::vector<bool> none(static_cast<size_t>(problem.groups), false), all(none.size(), true);
  double with_none = search.improve(none), with_all = search.improve(all);
  return with_all < with_none ? all : none;
}

}  // namespace miai
