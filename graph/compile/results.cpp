// Where outputs and new values of states live.
#include <algorithm>

#include "graph/compile/draft.h"

namespace miai {
namespace {

bool same_memory(const Place& a, const Place& b) {
  return a.buffer == b.buffer && a.offset == b.offset && a.meta == b.meta;
}

/// Whether the step that makes the new value may write it over the old one.
bool may_write_in_place(const Draft& draft, const DraftWrite& write) {
  int old = draft.state_buffers[static_cast<size_t>(write.state)];
  if (old < 0 || draft.buffers[static_cast<size_t>(old)].bytes !=
                     draft.buffers[static_cast<size_t>(write.value.buffer)].bytes)
    return false;
  auto is_old = [&](const Place& place) { return place.buffer == old; };
  if (std::any_of(draft.outputs.begin(), draft.outputs.end(), is_old)) return false;
  if (std::any_of(draft.writes.begin(), draft.writes.end(),
                  [&](const DraftWrite& w) { return is_old(w.value); }))
    return false;
  bool is_written = false;
  for (const Step& step : draft.steps) {
    bool writes = std::any_of(step.outputs.begin(), step.outputs.end(),
                              [&](const Place& p) { return p.buffer == write.value.buffer; });
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      const Place& input = step.inputs[i];
      if (!is_old(input)) continue;
      if (is_written) return false;  // the old value is read after the write
      if (writes && !(step.may_overwrite(i) && draft.covers_buffer(input))) return false;
    }
    if (writes && !step.commits) return false;
    is_written |= writes;
  }
  return is_written;
}

/// Small values that a step which may fail has computed (running statistics) are copied over the old ones:
/// cheaper than storage of their own in each run.
bool is_copied_in_commit(const Draft& draft, const DraftWrite& write) {
  constexpr int64_t kSmall = 16384;
  const Buffer& made = draft.buffers[static_cast<size_t>(write.value.buffer)];
  int old = draft.state_buffers[static_cast<size_t>(write.state)];
  if (old < 0 || made.bytes > kSmall || draft.buffers[static_cast<size_t>(old)].bytes != made.bytes)
    return false;
  for (const Step& step : draft.steps)
    for (const Place& output : step.outputs)
      if (output.buffer == write.value.buffer) return !step.commits;
  return false;
}

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

void place_results(Draft& draft) {
  auto arena = [&](const Place& place) -> Buffer* {
    Buffer& buffer = draft.buffers[static_cast<size_t>(place.buffer)];
    return buffer.kind == BaseKind::kArena ? &buffer : nullptr;
  };
  for (const Place& output : draft.outputs)
    if (Buffer* buffer = arena(output)) buffer->kind = BaseKind::kFresh;
  for (DraftWrite& write : draft.writes) {
    if (!arena(write.value)) continue;
    if (is_copied_in_commit(draft, write)) {
      write.value = draft.add_copy(write.value, arena(write.value)->device);
      draft.steps.back().commits = true;
    }
    Buffer* buffer = arena(write.value);
    bool in_place = may_write_in_place(draft, write);
    buffer->kind = in_place ? BaseKind::kStateNew : BaseKind::kFresh;
    buffer->index = in_place ? write.state : 0;
  }
}

}  // namespace miai
