// Where outputs and new values of states live.
#include <algorithm>
#include <iterator>

#include "graph/compile/draft.h"

namespace miai {
namespace {

bool same_memory(const Place& a, const Place& b) {
  return a.buffer == b.buffer && a.offset == b.offset && a.meta == b.meta;
}

class ResultPlacer {
 public:
  explicit ResultPlacer(Draft& draft)
      : draft_(draft), touching_(draft.buffers.size()), is_result_(draft.buffers.size()) {
    for (size_t s = 0; s < draft.steps.size(); ++s) touch(s);
    for (const Place& output : draft.outputs) is_result_[static_cast<size_t>(output.buffer)] = true;
    for (const DraftWrite& write : draft.writes) is_result_[static_cast<size_t>(write.value.buffer)] = true;
  }

  void place() {
    for (const Place& output : draft_.outputs)
      if (is_arena(output)) buffer(output).kind = BaseKind::kFresh;
    for (DraftWrite& write : draft_.writes) {
      if (!is_arena(write.value)) continue;
      if (is_copied_in_commit(write)) copy_in_commit(write);
      bool in_place = may_write_in_place(write);
      buffer(write.value).kind = in_place ? BaseKind::kStateNew : BaseKind::kFresh;
      buffer(write.value).index = in_place ? write.state : 0;
    }
  }

 private:
  Buffer& buffer(const Place& place) { return draft_.buffers[static_cast<size_t>(place.buffer)]; }
  bool is_arena(const Place& place) { return buffer(place).kind == BaseKind::kArena; }
  int64_t bytes(int b) const { return draft_.buffers[static_cast<size_t>(b)].bytes; }

  void touch(size_t s) {
    for (const std::vector<Place>* places : {&draft_.steps[s].inputs, &draft_.steps[s].outputs})
      for (const Place& place : *places) {
        if (place.buffer < 0) continue;
        std::vector<size_t>& steps = touching_[static_cast<size_t>(place.buffer)];
        if (steps.empty() || steps.back() != s) steps.push_back(s);
      }
  }
  /// Steps that read or write one of the two, in order.
  std::vector<size_t> touching(int a, int b) const {
    std::vector<size_t> both;
    const std::vector<size_t>&of_a = touching_[static_cast<size_t>(a)],
          &of_b = touching_[static_cast<size_t>(b)];
    std::set_union(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), std::back_inserter(both));
    return both;
  }

  /// Whether the step that makes the new value may write it over the old one.
  bool may_write_in_place(const DraftWrite& write) const {
    int old = draft_.state_buffers[static_cast<size_t>(write.state)];
    if (old < 0 || bytes(old) != bytes(write.value.buffer) || is_result_[static_cast<size_t>(old)])
      return false;
    bool is_written = false;
    for (size_t s : touching(old, write.value.buffer)) {
      const Step& step = draft_.steps[s];
      auto made = std::find_if(step.outputs.begin(), step.outputs.end(),
                               [&](const Place& p) { return p.buffer == write.value.buffer; });
      bool writes = made != step.outputs.end();
      auto output = static_cast<size_t>(made - step.outputs.begin());
      for (size_t i = 0; i < step.inputs.size(); ++i) {
        const Place& input = step.inputs[i];
        if (input.buffer != old) continue;
        if (is_written) return false;  // the old value is read after the write
        if (writes && !(step.may_overwrite(i, output) && draft_.covers_buffer(input))) return false;
      }
      if (writes && !step.commits) return false;
      is_written |= writes;
    }
    return is_written;
  }

  /// Small values that a step which may fail has computed (running statistics) are copied over the old ones:
  /// cheaper than storage of their own in each run.
  bool is_copied_in_commit(const DraftWrite& write) const {
    constexpr int64_t kSmall = 16384;
    int old = draft_.state_buffers[static_cast<size_t>(write.state)], made = write.value.buffer;
    if (old < 0 || bytes(made) > kSmall || bytes(old) != bytes(made)) return false;
    for (size_t s : touching_[static_cast<size_t>(made)])
      for (const Place& output : draft_.steps[s].outputs)
        if (output.buffer == made) return !draft_.steps[s].commits;
    return false;
  }
  void copy_in_commit(DraftWrite& write) {
    write.value = draft_.add_copy(write.value, buffer(write.value).device);
    draft_.steps.back().commits = true;
    touching_.resize(draft_.buffers.size());
    is_result_.resize(draft_.buffers.size());
    is_result_[static_cast<size_t>(write.value.buffer)] = true;
    touch(draft_.steps.size() - 1);
  }

  Draft& draft_;
  std::vector<std::vector<size_t>> touching_;  // steps that read or write each buffer, in order
  std::vector<bool> is_result_;                // buffers of outputs and of new values
};

}  // namespace

void copy_partial_results(Draft& draft) {
  auto copy = [&](Place& place) {
    Place own = draft.add_copy(place, draft.buffers[static_cast<size_t>(place.buffer)].device);
    for (Place& other : draft.outputs)
      if (&other != &place && same_memory(other, place)) other = own;
    place = own;
  };
  for (Place& output : draft.outputs)
    if (!draft.is_external(output.buffer) && !draft.covers_buffer(output)) copy(output);
  for (DraftWrite& write : draft.writes)
    if (!draft.covers_buffer(write.value)) copy(write.value);
}

void place_results(Draft& draft) { ResultPlacer(draft).place(); }

}  // namespace miai
