// Runs a plan: binds pointers, walks the instructions, commits the states.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "kernels/common/parallel.h"
#include "runtime/plan.h"

namespace miai {

/// The scratch memory that the plans of one execution share, one block a device.
class Arenas {
 public:
  /// A block of at least `bytes`; the same one until a larger one is asked for.
  const IntrusivePtr<Storage>& get(Device device, size_t bytes);
  void release() { blocks_.clear(); }
  int64_t bytes() const;

 private:
  std::vector<IntrusivePtr<Storage>> blocks_;
};

/// Sees each instruction of the main section; what it raises cancels the step (fault injection, profiling).
class InstructionObserver {
 public:
  virtual ~InstructionObserver() = default;
  virtual void before(int index, const Instruction& instruction) = 0;
  /// Once it has run, or is queued: reading an operand waits for it.
  virtual void after(const Instruction&, std::span<const TensorRef> /*inputs*/,
                     std::span<const TensorRef> /*outputs*/) {}
  /// Whether it sees the commit section too. Nothing can stop that: what it raises there is dropped.
  virtual bool sees_commits() const { return false; }
};

/// An observer of all plans that this thread runs, inside of their own and of those added before.
void add_thread_observer(InstructionObserver& observer);
void remove_thread_observer(InstructionObserver& observer);

/// Belongs to one thread at a time.
class PlanExecutor {
 public:
  explicit PlanExecutor(std::shared_ptr<const Plan> plan);
  const Plan& plan() const { return *plan_; }
  /// Inputs and states fit the plan (checked by the caller). Raises what a kernel raised, with the operator
  /// and the user's line; then no state has changed.
  std::vector<TensorRef> run(std::span<const TensorRef> inputs, std::span<StateSlot> states, Arenas& arenas,
                             InstructionObserver* observer);
  /// Whether all that a run would read of these states is there: values that were given up once they were
  /// packed may be missing.
  bool has_all(std::span<const StateSlot> states) const;
  /// Whether runs read the state itself, not only a packed form of it.
  bool reads_state(int index) const;
  /// Lets go of packed inputs; the next run packs them again.
  void release_packed() { packed_ = nullptr; }

 private:
  /// Memory behind a base in this run.
  struct Bound {
    IntrusivePtr<Storage> storage;
    int64_t offset = 0;
    void* data = nullptr;  // what the operands' pointers were computed from
  };
  void bind(std::span<const TensorRef> inputs, std::span<const StateSlot> states, Arenas& arenas);
  void set(size_t base, IntrusivePtr<Storage> storage, int64_t offset = 0);
  using Observers = std::span<InstructionObserver* const>;  // each around the next one
  void run_inline(Observers observers);
  void run_observed(int index, const Instruction& instruction, Observers observers,
                    FunctionRef<void()> body) const;
  void run_queued(Observers observers);
  void commit(Observers observers, FunctionRef<void(const Instruction&)> body) const;
  std::vector<TensorRef> operands_of(const Instruction& instruction) const;
  void submit(const Instruction& instruction);
  void wait_for_main_section();
  void call(const Instruction& instruction, KernelContext& context);
  void* workspace(const Instruction& instruction) const;
  bool is_readable(const Operand& operand) const;
  TensorRef ref(const Operand& operand) const;
  void unbind();

  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<const PackedValues> packed_;
  std::vector<TensorView> views_;        // beside plan_->operands
  std::vector<Bound> bound_;             // beside plan_->bases
  std::vector<std::vector<int>> users_;  // operands of each base
};

}  // namespace miai
