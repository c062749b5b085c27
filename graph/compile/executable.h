// A compiled Function: optimised once, planned for each set of concrete sizes, run by any number of
// executions.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "graph/ir/function.h"
#include "runtime/plan_executor.h"

namespace miai {

class KernelTimes;

struct CompileOptions {
  int opt_level = 2;         // 0: eager's kernels, bit for bit; 1: rewrites; 2: layouts and algorithms too
  bool verify = false;       // run the verifier between passes (always in debug builds)
  bool observed = false;     // all is computed before the commit section and no input is overwritten: an
                             // observer sees every operator's operands and may refuse the step
  int64_t memory_limit = 0;  // bytes that a run may hold, inputs and states included; 0: no limit. Values are
                             // computed again where they would need more
  bool fast_run = false;     // measure kernels and take the quickest (at opt_level 2)
  bool recomputes_cheaply = false;  // without a limit: what takes little time to compute again is not kept
  int plan_limit = 32;              // plans kept, one a set of sizes and layouts
  KernelTimes* kernel_times = nullptr;  // of fast_run, outlives the executable; nullptr: the process's
};

/// An operator that a plan runs once more than the function says, to need less memory.
struct RepeatedOp {
  std::string op, line;
  int64_t bytes = 0;   // of what it computes again
  double seconds = 0;  // measured with fast_run, else about
};

struct MemoryReport {
  int64_t peak_bytes = 0;         // all that a run holds at most: inputs, states, outputs, arena
  int64_t limit_bytes = 0;        // 0: none
  int64_t arena_bytes = 0;        // the plan's part of it
  int64_t lower_bound_bytes = 0;  // largest sum of live bytes over the schedule
  int64_t commit_bytes = 0;       // kept live for the commit section
  int64_t input_bytes = 0, state_bytes = 0, constant_bytes = 0, workspace_bytes = 0, output_bytes = 0;
  int64_t packed_bytes = 0;                  // weights in the forms of their kernels
  double seconds = 0, repeated_seconds = 0;  // of all instructions, and of those that repeat others
  std::vector<RepeatedOp> repeated;
  std::string to_string() const;
};

/// Thread-safe. Plans are made on first use of a set of sizes and kept (least recently used dropped).
class Executable {
 public:
  virtual ~Executable() = default;
  virtual const CompileOptions& options() const = 0;
  /// The function after the passes.
  virtual const Function& function() const = 0;
  /// The plan for dense inputs of these sizes, and states as their types say.
  virtual std::shared_ptr<const Plan> plan(const std::vector<Shape>& input_shapes) = 0;
  /// The plan for tensors that lie in memory like this; states that are not read have present == false. What
  /// the prepare part gives (explain() shows it) follows the function's states.
  virtual std::shared_ptr<const Plan> plan(const std::vector<TensorMeta>& inputs,
                                           const std::vector<TensorMeta>& states) = 0;
  virtual MemoryReport memory_report(const std::vector<Shape>& input_shapes) = 0;
  /// The plan as text: instructions, kernels, operands with their places, refusals of other kernels.
  virtual std::string explain(const std::vector<Shape>& input_shapes) = 0;
};
std::shared_ptr<Executable> compile(const Function& function, const CompileOptions& options);

/// Memory and bound pointers to run an executable: belongs to one thread at a time; the arena is kept between
/// runs.
class Execution {
 public:
  explicit Execution(std::shared_ptr<Executable> executable);
  ~Execution();
  /// Runs one step. `inputs` are on the function's devices, with its dtypes; sizes choose the plan (they must
  /// agree with the symbols: ValueError naming the input else). Random state is a state like others. Returns
  /// the outputs in storage of their own; one that is an input or state, or a part of it, shares its storage.
  /// Raises what a kernel raised; then no state has changed. A second thread in here at once is an error.
  std::vector<TensorRef> run(const std::vector<TensorRef>& inputs, std::vector<StateSlot>& states);
  /// Frees the arena and what was prepared; the next run makes them again.
  void release_memory();
  /// What the first run of the latest plan held at most, as its devices' allocators count it; 0: none has
  /// run.
  int64_t real_peak() const;
  /// Told of each instruction from now on; nullptr: nobody.
  void set_observer(InstructionObserver* observer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace miai
