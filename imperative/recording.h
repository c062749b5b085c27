// The first call of a traced function: runs eagerly, and writes down a Function. Tensors that it captures
// become states.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/ir/function.h"
#include "imperative/cell.h"

namespace miai {

/// A cell that the traced function read or wrote and did not make.
struct CapturedCell {
  CellPtr cell;
  ValuePtr initial;         // nullptr: was empty
  Value* input = nullptr;   // set once read
  Value* output = nullptr;  // the last value written
  bool written = false;
  bool cleared = false;  // written last with nothing
};

class Recording {
 public:
  explicit Recording(std::string name);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  static Recording* current();  // of this thread; nullptr: none
  void start();
  void stop();

  /// An argument: a fresh value over the same memory, with symbolic dims where `dynamic` says so.
  ValuePtr add_input(const ValuePtr& value, const std::string& name, const std::vector<bool>& dynamic);
  /// Gives the cell's value an identity in the function: captures it unless it was made here.
  void touch(Cell& cell);
  void on_write(Cell& cell, const ValuePtr& value);
  void adopt(Cell& cell) { cell.made_in_trace = serial_; }  // a cell made in this recording

  void record(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs, const Vars& outputs);
  /// Of an operator that lowers eagerly: `lowered` are the recorded results of its lowering, which stand for
  /// the outputs in a file, or everywhere if it has no kernel (`is_composite`).
  void record_lowered(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs, const Vars& outputs,
                      const Vars& lowered, bool is_composite);
  void record_constant(const EagerValue& value);
  /// The state input and the ticket of the next random operator drawing from this generator.
  struct Ticket {
    Value* state;
    int64_t index;
  };
  Ticket take_ticket(Cell& generator);
  void record_random(const OpDef& op, const Attrs& attrs, std::vector<Value*> inputs, const Vars& outputs);

  Value* find(uint64_t value_id) const;
  const TensorType* type_of(uint64_t value_id) const;
  int64_t evaluate(Dim dim) const;
  Attrs concrete(const Attrs& attrs) const;
  bool hold_guard(Dim a, Dim b);  // a == b for the sizes at hand; kept as a condition

  /// Closes the function: outputs, states, random states.
  FunctionPtr finish(const std::vector<ValuePtr>& outputs);
  const std::vector<CapturedCell>& captured() const { return captured_; }
  /// Puts back what the cells held at the start.
  void roll_back();
  uint64_t serial() const { return serial_; }

 private:
  CapturedCell& capture(Cell& cell);
  void map(const EagerValue& value, Value* recorded);
  void list_states();

  FunctionPtr function_;
  std::unordered_map<uint64_t, Value*> values_;  // by id, which is never used again: no value is kept alive
  std::vector<CapturedCell> captured_;
  std::unordered_map<Cell*, size_t> captured_index_;
  std::unordered_map<Cell*, int64_t> tickets_;
  SymbolValues sizes_;
  Recording* outer_ = nullptr;
  std::unique_ptr<DimGuardScope> guard_;
  uint64_t serial_;
  bool active_ = false;
};

/// While it lives, nothing is recorded on this thread.
class RecordingPause {
 public:
  RecordingPause();
  ~RecordingPause();
  RecordingPause(const RecordingPause&) = delete;
  RecordingPause& operator=(const RecordingPause&) = delete;

 private:
  Recording* paused_;
};

}  // namespace miai
