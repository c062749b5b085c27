// A plan: a function for concrete sizes as a flat list of instructions over memory whose places are known.
// Immutable, shared by the executions that run it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "kernels/common/deterministic.h"
#include "kernels/common/kernel_table.h"
#include "runtime/packed_inputs.h"
#include "runtime/tensor_ref.h"

namespace miai {

/// Where a piece of memory comes from when the plan runs.
enum class BaseKind : uint8_t {
  kArena,     // of the execution; index: which arena (one a device)
  kInput,     // index: which input
  kState,     // the value of a state at the start; index: which state
  kStateNew,  // where a commit writes a state: over the old value if that may be donated, else fresh storage
  kConstant,  // index: which constant
  kPacked,    // index: which packed input
  kFresh,     // storage allocated before each run: outputs, and states that are not written in place
};

struct Base {
  BaseKind kind = BaseKind::kArena;
  int index = 0;
  Device device;
  size_t bytes = 0;  // kArena, kStateNew, kFresh
};

/// A tensor at a place: base pointer plus offset. base < 0: an absent optional input.
struct Operand {
  TensorMeta meta;
  int base = -1;
  int64_t offset = 0;  // bytes
};

struct Instruction {
  std::string op;
  std::string line;       // of the user's program; may be empty
  KernelChoice choice;    // no kernel: a copy between devices
  Attrs attrs;            // the kernel's
  int first_operand = 0;  // in Plan::operands: inputs, then outputs
  int input_count = 0, output_count = 0;
  int64_t workspace_offset = -1;  // in the device's arena; -1: none needed
  Device device;
  bool repeats = false;         // computes again what an earlier instruction has computed
  double flops = 0, bytes = 0;  // operations as far as they are counted; bytes read and written
  double seconds = 0;           // about
};

/// What becomes of a state when the step commits: state `state` is the tensor at `value`.
struct StateWrite {
  int state = 0;
  Operand value;
};

/// What lies in an arena for some time: the memory of a value (and of those that take it over), or workspace.
struct ArenaBlock {
  int64_t offset = 0, bytes = 0;
  int first = 0, last = 0;  // instructions, both included; `first` writes it
  bool is_workspace = false;
  Device device;
};

struct PlanMemory {
  int64_t lower_bound = 0;   // largest sum of live bytes, of all arenas
  int64_t commit_bytes = 0;  // arena bytes kept for the commit section
  int64_t workspace = 0;     // the largest
  std::vector<ArenaBlock> blocks;
};

struct Plan {
  std::vector<Base> bases;
  std::vector<Operand> operands;
  std::vector<Instruction> instructions;
  int commit_begin = 0;  // instructions from here on write states and cannot fail
  std::vector<Operand> outputs;
  std::vector<StateWrite> state_writes;
  std::vector<TensorRef> constants;
  std::shared_ptr<PackedInputs> packed;  // nullptr: none
  std::vector<TensorMeta> inputs,
      states;  // what the plan was made for; states: present == false where not read
  std::vector<Device> input_devices, state_devices;
  bool deterministic = false;  // its kernels were chosen in that mode
  bool is_inline = true;       // all work is on the caller's thread
  PlanMemory memory;

  /// Whether it is the plan for operands that lie like this, in the mode in force.
  bool fits(const std::vector<TensorMeta>& given_inputs, const std::vector<TensorMeta>& given_states) const {
    return inputs == given_inputs && states == given_states && deterministic == is_deterministic();
  }
  int64_t arena_bytes() const {
    int64_t sum = 0;
    for (const Base& base : bases)
      sum += base.kind == BaseKind::kArena ? static_cast<int64_t>(base.bytes) : 0;
    return sum;
  }
  /// All that a run holds at most: arena, inputs, states, and what it allocates. States that nobody else
  /// holds are written in place.
  int64_t peak_bytes() const;
  /// Inputs and states: what the caller holds.
  int64_t held_bytes() const;
};

/// A state as one call sees it. `value` is read; when the call commits, the new value is in `value` (in place
/// if `may_donate` and the storage is writable, else in fresh storage).
struct StateSlot {
  TensorRef value;
  bool may_donate = false;  // nobody else holds the storage
  /// Of a value that is made of states and never written: which making it is of. Its storage may be gone once
  /// all that needs it has a packed form. 0: a state.
  uint64_t serial = 0;
};

}  // namespace miai
