// From the draft to the plan: offsets in the arenas, bases, operands, instructions.
#include <algorithm>
#include <map>

#include "graph/compile/draft.h"
#include "runtime/backend.h"
#include "runtime/plan_memory.h"

namespace miai {
namespace {

class Finisher {
 public:
  explicit Finisher(const Draft& draft)
      : draft_(draft),
        plan_(std::make_shared<Plan>()),
        times_(lifetimes(draft)),
        offset_(draft.buffers.size()),
        workspace_(draft.steps.size(), -1),
        base_(draft.buffers.size(), -1) {}

  std::shared_ptr<Plan> run() {
    plan_->commit_begin = static_cast<int>(
        std::count_if(draft_.steps.begin(), draft_.steps.end(), [](const Step& s) { return !s.commits; }));
    collect();
    for (const auto& [device, arena] : arenas_) place_arena(arena);
    for (const Step& step : draft_.steps) add_instruction(step);
    for (const DraftPack& pack : draft_.packed) add_packed(pack);
    for (const Place& output : draft_.outputs) plan_->outputs.push_back(operand(output));
    for (const DraftWrite& write : draft_.writes)
      plan_->state_writes.push_back({write.state, operand(write.value)});
    for (const Base& base : plan_->bases) plan_->is_inline &= default_stream(base.device).is_inline();
    for (const Instruction& i : plan_->instructions) plan_->is_inline &= default_stream(i.device).is_inline();
    return plan_;
  }

 private:
  /// What one arena holds: buffers, and the workspaces of steps.
  struct ArenaContents {
    Device device;
    std::vector<int> buffers, workspaces;
  };

  ArenaContents& arena(Device device) {
    auto key = std::pair(static_cast<int>(device.kind), static_cast<int>(device.index));
    ArenaContents& found = arenas_[key];
    found.device = device;
    return found;
  }

  int64_t workspace_bytes(int step) const {
    return static_cast<int64_t>(draft_.steps[static_cast<size_t>(step)].choice.prepared.workspace_bytes);
  }

  LiveBuffer live(int buffer) const {
    auto b = static_cast<size_t>(buffer);
    return {draft_.buffers[b].bytes, times_.first[b], times_.last[b]};
  }

  void collect() {
    for (int b = 0; b < static_cast<int>(draft_.buffers.size()); ++b) {
      const Buffer& buffer = draft_.buffers[static_cast<size_t>(b)];
      if (buffer.kind != BaseKind::kArena || buffer.parent >= 0 || live(b).first < 0) continue;
      arena(buffer.device).buffers.push_back(b);
      if (live(b).first < plan_->commit_begin && live(b).last >= plan_->commit_begin)
        plan_->memory.commit_bytes += buffer.bytes;
    }
    for (int s = 0; s < static_cast<int>(draft_.steps.size()); ++s) {
      if (!workspace_bytes(s)) continue;
      arena(draft_.steps[static_cast<size_t>(s)].device).workspaces.push_back(s);
      plan_->memory.workspace = std::max(plan_->memory.workspace, workspace_bytes(s));
    }
  }

  void place_arena(const ArenaContents& arena) {
    std::vector<LiveBuffer> all;
    for (int b : arena.buffers) all.push_back(live(b));
    for (int s : arena.workspaces) all.push_back({workspace_bytes(s), s, s});
    MemoryLayout layout = plan_memory(all);
    plan_->memory.lower_bound += layout.lower_bound;
    if (layout.total == 0) return;
    int base = static_cast<int>(plan_->bases.size());
    plan_->bases.push_back({BaseKind::kArena, 0, arena.device, static_cast<size_t>(layout.total)});
    for (size_t i = 0; i < all.size(); ++i)
      plan_->memory.blocks.push_back({layout.offsets[i], all[i].bytes, all[i].first, all[i].last,
                                      i >= arena.buffers.size(), arena.device});
    size_t at = 0;
    for (int b : arena.buffers) {
      offset_[static_cast<size_t>(b)] = layout.offsets[at++];
      base_[static_cast<size_t>(b)] = base;
    }
    for (int s : arena.workspaces) workspace_[static_cast<size_t>(s)] = layout.offsets[at++];
  }

  Operand operand(const Place& place) {
    Operand operand;
    operand.meta = place.meta;
    if (place.buffer < 0) return operand;
    operand.offset = place.offset;
    int buffer = place.buffer;
    for (; draft_.buffers[static_cast<size_t>(buffer)].parent >= 0;
         buffer = draft_.buffers[static_cast<size_t>(buffer)].parent)
      operand.offset += draft_.buffers[static_cast<size_t>(buffer)].parent_offset;
    operand.offset += offset_[static_cast<size_t>(buffer)];
    operand.base = base_of(buffer);
    return operand;
  }

  int base_of(int buffer) {
    int& base = base_[static_cast<size_t>(buffer)];
    if (base >= 0) return base;
    const Buffer& b = draft_.buffers[static_cast<size_t>(buffer)];
    BaseKind kind = b.kind == BaseKind::kArena ? BaseKind::kFresh : b.kind;  // an arena of no bytes
    plan_->bases.push_back({kind, b.index, b.device, static_cast<size_t>(b.bytes)});
    return base = static_cast<int>(plan_->bases.size()) - 1;
  }

  void add_instruction(const Step& step) {
    Instruction instruction;
    instruction.op = step.op;
    instruction.line = step.line;
    instruction.choice = step.choice;
    instruction.attrs = step.attrs;
    instruction.device = step.device;
    instruction.repeats = step.repeats;
    Cost cost = step_cost(step);
    instruction.flops = cost.flops;
    instruction.bytes = cost.bytes;
    instruction.seconds = step_seconds(step, draft_.times);
    instruction.first_operand = static_cast<int>(plan_->operands.size());
    instruction.input_count = static_cast<int>(step.inputs.size());
    instruction.output_count = static_cast<int>(step.outputs.size());
    instruction.workspace_offset = workspace_[plan_->instructions.size()];
    for (const Place& place : step.inputs) plan_->operands.push_back(operand(place));
    for (const Place& place : step.outputs) plan_->operands.push_back(operand(place));
    plan_->instructions.push_back(std::move(instruction));
  }

  void add_packed(const DraftPack& pack) {
    if (!plan_->packed) plan_->packed = std::make_shared<PackedInputs>();
    const Buffer& source = draft_.buffers[static_cast<size_t>(pack.source.buffer)];
    plan_->packed->list.push_back({pack.choice.kernel, pack.choice.prepared.state, source.index,
                                   source.kind == BaseKind::kConstant, pack.source.meta, pack.source.offset,
                                   pack.bytes, source.device});
  }

  const Draft& draft_;
  std::shared_ptr<Plan> plan_;
  Lifetimes times_;
  std::map<std::pair<int, int>, ArenaContents> arenas_;  // by device
  std::vector<int64_t> offset_, workspace_;
  std::vector<int> base_;
};

}  // namespace

std::shared_ptr<Plan> finish_plan(const Draft& draft) { return Finisher(draft).run(); }

}  // namespace miai
