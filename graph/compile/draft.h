// A plan while it is made: steps with their kernels, and buffers whose places in memory are still open.
#pragma once
#include <unordered_map>
#include <vector>

#include "graph/compile/kernel_times.h"
#include "graph/ir/function.h"
#include "graph/ops/cost.h"
#include "kernels/common/parallel.h"
#include "runtime/plan.h"

namespace miai {

/// Memory that one or more values live in.
struct Buffer {
  int64_t bytes = 0;
  Device device;
  BaseKind kind = BaseKind::kArena;
  int index = 0;  // of kInput, kState, kStateNew, kConstant, kPacked
  // Set when this buffer lies inside of another (it took over a dying input, or is a slice of a
  // concatenation).
  int parent = -1;
  int64_t parent_offset = 0;
};

/// How a value lies in a buffer. buffer < 0: absent.
struct Place {
  int buffer = -1;
  int64_t offset = 0;  // bytes
  TensorMeta meta;
};

/// What becomes one instruction.
struct Step {
  const Node* node = nullptr;       // nullptr: what the plan adds
  const OpDef* added_op = nullptr;  // then
  std::string op;
  UserLine line;
  KernelChoice choice;  // no kernel: a copy between devices
  Attrs attrs;
  std::vector<Place> inputs, outputs;
  Device device;
  bool commits = false;  // runs in the commit section
  bool repeats = false;  // computes again what an earlier step has computed
  bool packed = false;   // the kernel's weight comes in its own form
  const OpDef& definition() const { return node ? *node->op : *added_op; }
  /// Neither an effect nor what the host runs: it may run again, or on made-up operands.
  bool is_pure() const { return !node || (node->op->may_repeat() && node->bodies.empty()); }
  /// Whether that output may be written over that input.
  bool may_overwrite(size_t input, size_t output) const;
};

struct DraftWrite {
  int state = 0;
  Place value;
};

/// An input that its kernel takes in a form of its own: buffers of kPacked are numbered as these are.
struct DraftPack {
  KernelChoice choice;
  Place source;
  size_t bytes = 0;
};

struct Draft {
  std::vector<DraftPack> packed;
  std::vector<Buffer> buffers;
  std::vector<Step> steps;
  std::vector<Place> outputs;
  std::vector<DraftWrite> writes;
  std::vector<std::shared_ptr<const Node>> own_nodes;  // of steps, that are not the function's
  std::vector<int> state_buffers;  // that may be written in place; -1: not read, or strided
  KernelTimes* times = nullptr;    // of steps; nullptr: the cost model's

  int add_buffer(const Buffer& buffer);
  /// Memory of its own for a tensor without gaps.
  Place add_place(const TensorMeta& meta, Device device);
  /// Appends a step that copies `from` into memory of its own, which lies as `layout` does or row-major.
  Place add_copy(const Place& from, Device device, const TensorMeta& layout);
  Place add_copy(const Place& from, Device device);
  /// The buffer that this one lies in, at last.
  int root(int buffer) const;
  bool is_external(int buffer) const;
  /// Dense, and all of its buffer.
  bool covers_buffer(const Place& place) const;
};

struct DraftRequest {
  const Function& function;
  const SymbolValues& sizes;
  const std::vector<TensorMeta>& inputs;
  const std::vector<TensorMeta>& states;
  std::unordered_map<const Value*, int> constants;  // their indices
  bool chooses_layouts = false;                     // images may lie channels-last between steps
  bool packs_inputs = false;                        // kernels may take weights in forms of their own
  KernelTimes* times = nullptr;                     // the quickest kernels, by running them; nullptr: not
};

/// The kernel for one call, not prepared yet; `attrs` become the kernel's. `packs`: its weight may come
/// packed.
KernelChoice find_kernel(const OpDef& op, Attrs& attrs, const std::vector<TensorMeta>& inputs,
                         const std::vector<TensorMeta>& outputs, Device device, bool packs = false);
/// Whether the node's kernel may take that input packed: a constant, or a state that no step writes.
bool may_pack(const DraftRequest& request, const Node& node, int input);
/// Whether it may take the input packed that kernels of its operator pack.
bool may_pack(const DraftRequest& request, const Node& node);
/// A step that no node asks for, its kernel prepared.
Step added_step(const std::string& op, Attrs attrs, std::vector<Place> inputs, std::vector<Place> outputs,
                Device device);
/// Where the node runs.
Device device_of(const Node& node);

/// Kernels, views and copies of a function, in its order.
Draft draft_plan(const DraftRequest& request);

// The steps from draft to plan, in this order.

/// Gives results that are a part of other memory a copy of their own.
void copy_partial_results(Draft& draft);
/// Decides which steps belong to the commit section, and moves them to the end.
void form_commit_section(Draft& draft);
/// Keeps in fewer bytes what the backward pass needs no more of.
void save_compactly(Draft& draft);
/// Gives outputs and new values of states memory that outlives the run.
void place_results(Draft& draft);
/// Lets the parts of a concatenation be written where they end up.
void write_parts_in_place(Draft& draft);
/// Lets outputs take the memory of inputs that die.
void reuse_dying_inputs(Draft& draft);
/// Gives arena buffers their offsets and writes the plan's instructions.
std::shared_ptr<Plan> finish_plan(const Draft& draft);

/// What computes output 0 of the step again, if that takes less than the step itself.
std::optional<Step> cheaper_repeat(const Step& step);

std::vector<TensorMeta> metas(const std::vector<Place>& places);
/// Operations and bytes of a step.
Cost step_cost(const Step& step);
/// How long the step takes: its kernel's time on its operands as they lie, else (no `times`, or what cannot
/// be measured) by the cost model.
double step_seconds(const Step& step, KernelTimes* times);
/// Whether the step may write its output over input i, if that is the last read of its memory.
bool may_take_over(const Draft& draft, const Step& step, size_t i);
/// The plan that `finish` makes of a draft whose commit section is formed; steps run again where it needs
/// more than `limit` bytes else. Raises ValueError with the smallest limit possible.
std::shared_ptr<Plan> plan_within(const Draft& draft, int64_t limit, const std::string& function,
                                  FunctionRef<std::shared_ptr<Plan>(Draft)> finish);

/// The plan that needs the least memory when steps run again that only read and write (no products, no
/// convolutions), for a twentieth more time.
std::shared_ptr<Plan> plan_cheaply(const Draft& draft, FunctionRef<std::shared_ptr<Plan>(Draft)> finish);

/// The first and the last step that reads or writes each root buffer; -1: none.
struct Lifetimes {
  std::vector<int> first, last;
};
Lifetimes lifetimes(const Draft& draft);

}  // namespace miai
