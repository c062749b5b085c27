// A recorded function bound to the cells that it captured: compiled, and run in place of the Python step.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "graph/compile/executable.h"
#include "imperative/recording.h"

namespace miai {

/// A captured cell, known weakly: the trace does not keep the user's tensors alive.
struct BoundCell {
  WeakCell cell;
  std::string name;
  TensorType type;  // recorded; of no use if was_empty
  bool was_empty = false;
  bool read = false, written = false, cleared = false;
};

class TracedProgram {
 public:
  /// `captured` beside the states of the function.
  TracedProgram(FunctionPtr function, const std::vector<CapturedCell>& captured,
                const CompileOptions& options);

  /// Why the captured cells no longer fit the program (gone, another dtype or shape, set where it was empty);
  /// "" if they do.
  std::string mismatch() const;
  /// Whether the sizes at hand agree with the comparisons made while recording.
  bool conditions_hold(const std::vector<Shape>& input_shapes) const;

  /// Runs the plan: reads and writes the captured cells. Raises if another thread runs a program that writes
  /// one of them.
  std::vector<ValuePtr> run(const std::vector<ValuePtr>& inputs);

  const Function& function() const { return *function_; }
  Executable& executable() { return *executable_; }
  /// The cells behind the function's states, in order, with their names; null: gone.
  std::vector<std::pair<CellPtr, std::string>> state_cells() const;
  int opt_level() const { return opt_level_; }
  /// The program that a file holds where operators are known to this process alone: it has their lowerings.
  /// nullptr: there are none such.
  std::unique_ptr<TracedProgram> lowered() const;
  void release_memory();
  /// What the first run of the latest plan held at most; 0: there was none.
  int64_t real_peak() const { return execution_.real_peak(); }
  /// What the captured cells hold now (null: empty or gone), and putting that back.
  std::vector<ValuePtr> snapshot() const;
  void restore(const std::vector<ValuePtr>& values) const;

 private:
  TracedProgram(FunctionPtr function, std::vector<BoundCell> cells, const CompileOptions& options);
  std::vector<TensorRef> run_watched(const std::vector<TensorRef>& inputs, std::vector<StateSlot>& slots);
  std::vector<CellPtr> lock_cells() const;
  std::vector<StateSlot> bind_states(const std::vector<CellPtr>& cells) const;
  void commit(const std::vector<CellPtr>& cells, std::vector<StateSlot>& slots) const;
  bool is_state(const BoundCell& cell) const { return cell.read || (cell.written && !cell.cleared); }

  FunctionPtr function_;
  int opt_level_;
  std::vector<BoundCell> cells_;
  std::shared_ptr<Executable> executable_;
  std::mutex run_mutex_;  // an execution belongs to one thread at a time
  Execution execution_;
  std::unique_ptr<Execution> watched_;  // made when anomalies are first looked for
};

}  // namespace miai
