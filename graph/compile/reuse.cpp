// Memory that a step may take over or write into directly.
#include <algorithm>

#include "graph/compile/draft.h"
#include "kernels/common/attrs/reduce.h"

namespace miai {

Lifetimes lifetimes(const Draft& draft) {
  Lifetimes times{std::vector<int>(draft.buffers.size(), -1), std::vector<int>(draft.buffers.size(), -1)};
  for (size_t i = 0; i < draft.steps.size(); ++i) {
    auto touch = [&](const Place& place) {
      if (place.buffer < 0) return;
      auto root = static_cast<size_t>(draft.root(place.buffer));
      if (times.first[root] < 0) times.first[root] = static_cast<int>(i);
      times.last[root] = static_cast<int>(i);
    };
    for (const Place& place : draft.steps[i].inputs) touch(place);
    for (const Place& place : draft.steps[i].outputs) touch(place);
  }
  return times;
}

namespace {

bool is_free_arena(const Draft& draft, int buffer) {
  const Buffer& b = draft.buffers[static_cast<size_t>(buffer)];
  return b.kind == BaseKind::kArena && b.parent < 0;
}

}  // namespace

bool may_take_over(const Draft& draft, const Step& step, size_t i) {
  const Place& input = step.inputs[i];
  if (input.buffer < 0 || !step.may_overwrite(i, 0) || input.offset != 0) return false;
  int root = draft.root(input.buffer);
  const Buffer& memory = draft.buffers[static_cast<size_t>(root)];
  if (memory.kind != BaseKind::kArena || memory.bytes != static_cast<int64_t>(byte_size(input.meta)))
    return false;
  // The same tensor twice is safe only where element i of the output needs no other element.
  bool elementwise = step.definition().is_pointwise();
  return std::all_of(step.inputs.begin(), step.inputs.end(), [&](const Place& other) {
    return &other == &input || other.buffer < 0 || draft.root(other.buffer) != root ||
           (elementwise && other.offset == 0 && other.meta == input.meta);
  });
}

namespace {

/// Whether every part can be written straight into the result: parts lie in it one after the other, aligned.
bool parts_fit(const Draft& draft, const Step& step) {
  const Place& result = step.outputs[0];
  int64_t axis = step.attrs.as<AxisAttrs>().axis;
  if (axis < 0) axis += result.meta.rank();
  for (int64_t i = 0; i < axis; ++i)
    if (result.meta.shape[static_cast<int>(i)] != 1) return false;
  int64_t offset = 0;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    const Place& part = step.inputs[i];
    if (!is_free_arena(draft, part.buffer) || !draft.covers_buffer(part) || offset % 64 != 0 ||
        part.meta.dtype != result.meta.dtype)
      return false;
    for (size_t j = 0; j < i; ++j)
      if (step.inputs[j].buffer == part.buffer) return false;
    offset += static_cast<int64_t>(byte_size(part.meta));
  }
  return true;
}

}  // namespace

void write_parts_in_place(Draft& draft) {
  std::erase_if(draft.steps, [&](const Step& step) {
    if (step.op != "concat" || step.commits || !parts_fit(draft, step)) return false;
    int64_t offset = 0;
    for (const Place& part : step.inputs) {
      Buffer& buffer = draft.buffers[static_cast<size_t>(part.buffer)];
      buffer.parent = step.outputs[0].buffer;
      buffer.parent_offset = offset;
      offset += buffer.bytes;
    }
    return true;
  });
}

void reuse_dying_inputs(Draft& draft) {
  Lifetimes times = lifetimes(draft);
  for (size_t s = 0; s < draft.steps.size(); ++s) {
    const Step& step = draft.steps[s];
    if (step.outputs.empty() || !is_free_arena(draft, step.outputs[0].buffer)) continue;
    auto output = static_cast<size_t>(step.outputs[0].buffer);
    if (times.first[output] != static_cast<int>(s)) continue;  // parts were written into it before
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      if (!may_take_over(draft, step, i)) continue;
      auto root = static_cast<size_t>(draft.root(step.inputs[i].buffer));
      if (times.last[root] != static_cast<int>(s)) continue;
      draft.buffers[output].parent = static_cast<int>(root);
      times.last[root] = times.last[output];
      break;
    }
  }
}

}  // namespace miai
