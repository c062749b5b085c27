// A cell holds an immutable value; a write puts another value into it. A Python Tensor is a cell.
#pragma once
#include <memory>
#include <string>

#include "imperative/value.h"

namespace miai {

class Cell final : public RefCounted {
 public:
  Cell() = default;  // empty: a gradient that is not there
  explicit Cell(ValuePtr value) : value_(std::move(value)) {}
  ~Cell() override;

  const ValuePtr& value() const { return value_; }
  bool is_empty() const { return !value_; }
  /// Raised by every write.
  uint64_t version() const { return version_; }

  /// Puts a value into the cell (empty: clears it). In a recording the write becomes a state of the trace.
  void write(ValuePtr value);
  /// A write that no recording sees: the trace's own, and restoring.
  void write_unrecorded(ValuePtr value) {
    value_ = std::move(value);
    ++version_;
  }

  std::string name;
  IntrusivePtr<Cell> grad;     // made when first needed
  bool is_view = false;        // an unnamed view: assigning into it is an error
  uint64_t made_in_trace = 0;  // serial of the recording in which it was made; 0: none

 private:
  friend class WeakCell;
  ValuePtr value_;
  uint64_t version_ = 0;
  std::shared_ptr<Cell*> weak_;  // made when first needed; null once the cell is gone
};
using CellPtr = IntrusivePtr<Cell>;

/// Knows a cell without keeping it alive: traces do not own the user's tensors.
class WeakCell {
 public:
  explicit WeakCell(Cell& cell);
  CellPtr lock() const;  // nullptr: gone

 private:
  std::shared_ptr<Cell*> slot_;
};

}  // namespace miai
