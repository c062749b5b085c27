// Which steps run in the commit section: the ones that write states, and those that only they need, as long
// as none of them can fail, or the check of what can fail is made before.
#include <algorithm>

#include "graph/compile/draft.h"

namespace miai {
namespace {

bool can_commit(const Step& step) {
  return step.node && !step.node->op->effect && step.choice.kernel &&
         (step.choice.kernel->cannot_fail || step.choice.kernel->check);
}

class CommitSection {
 public:
  explicit CommitSection(Draft& draft)
      : draft_(draft),
        readers_(draft.buffers.size()),
        holds_state_(draft.buffers.size()),
        kept_(draft.buffers.size()) {
    for (size_t i = 0; i < draft.steps.size(); ++i)
      for (const Place& input : draft.steps[i].inputs)
        if (input.buffer >= 0) readers_[static_cast<size_t>(input.buffer)].push_back(i);
    for (const DraftWrite& write : draft.writes)
      if (draft.state_buffers[static_cast<size_t>(write.state)] >= 0)
        holds_state_[static_cast<size_t>(write.value.buffer)] = true;
  }

  void form() {
    for (auto step = draft_.steps.rbegin(); step != draft_.steps.rend(); ++step)
      if (can_commit(*step) && is_wanted(*step)) take(*step);
    auto commits = std::stable_partition(draft_.steps.begin(), draft_.steps.end(),
                                         [](const Step& s) { return !s.commits; });
    draft_.steps.insert(commits, checks_.rbegin(), checks_.rend());
  }

 private:
  /// All readers are in the section; and it writes a state, or moving it keeps no more memory alive than it
  /// frees.
  bool is_wanted(const Step& step) const {
    bool writes_state = false, is_read = false;
    int64_t freed = 0, kept = 0;
    for (const Place& output : step.outputs) {
      auto buffer = static_cast<size_t>(output.buffer);
      writes_state |= holds_state_[buffer];
      for (size_t reader : readers_[buffer]) {
        if (reader == kCheck || !draft_.steps[reader].commits) return false;
        is_read = true;
      }
      freed += draft_.buffers[buffer].bytes;
    }
    for (const Place& input : step.inputs)
      if (input.buffer >= 0 && !draft_.is_external(input.buffer) && !kept_[static_cast<size_t>(input.buffer)])
        kept += draft_.buffers[static_cast<size_t>(input.buffer)].bytes;
    return writes_state || (is_read && kept <= freed);
  }

  void take(Step& step) {
    step.commits = true;
    for (const Place& input : step.inputs)
      if (input.buffer >= 0) kept_[static_cast<size_t>(input.buffer)] = true;
    if (step.choice.kernel->check) check_before(step);
  }

  /// The check of a step that commits is the last of the other section.
  void check_before(const Step& step) {
    Step check = step;
    check.commits = false;
    check.outputs.clear();
    auto kernel = std::make_shared<Kernel>(*step.choice.kernel);
    kernel->name += " (check)";
    kernel->run = kernel->check;
    check.choice.kernel = std::move(kernel);
    for (const Place& input : check.inputs)
      if (input.buffer >= 0) readers_[static_cast<size_t>(input.buffer)].push_back(kCheck);
    checks_.push_back(std::move(check));
  }

  static constexpr size_t kCheck = SIZE_MAX;  // a reader: a check
  Draft& draft_;
  std::vector<Step> checks_;  // in reverse order
  std::vector<std::vector<size_t>> readers_;
  std::vector<bool> holds_state_;
  std::vector<bool> kept_;
};

}  // namespace

void form_commit_section(Draft& draft) { CommitSection(draft).form(); }

}  // namespace miai
