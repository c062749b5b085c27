// The prepare part: what depends on states alone that the step only reads (folded batch norms, weights in
// another form) is computed once, and again when such a state has changed.
#pragma once
#include <mutex>
#include <span>

#include "graph/compile/executable.h"

namespace miai {

/// A function cut in two. `main` has the states of the whole, then one for each output of `prepare`;
/// `prepare` has the states of the whole that it reads, and no inputs. No `prepare` if there is nothing for
/// it to do.
struct SplitFunction {
  FunctionPtr prepare, main;
  std::vector<int> states;  // of the whole function, that `prepare` reads
};
SplitFunction split_prepare(const FunctionPtr& function);

/// The states that values were made from. While it lives nobody writes over them.
struct PreparedFrom {
  std::vector<TensorRef> states;
  uint64_t serial = 0;  // never 0, never used again
};

/// What the prepare part gave for these states.
struct PreparedValues {
  std::shared_ptr<const PreparedFrom> from;
  std::vector<TensorRef> values;  // without storage: given up
};

/// Shared by the executions of one executable: they prepare once for the same states. Thread-safe.
class PreparePart {
 public:
  PreparePart(std::shared_ptr<Executable> executable, std::vector<int> states);
  /// `last` if it still fits the states, else all values of the states as they are now. Values that are made
  /// again of the same states are `from` the same, so what was packed of them stays good.
  std::shared_ptr<const PreparedValues> get(const std::shared_ptr<const PreparedValues>& last,
                                            std::span<const StateSlot> states);
  Executable& executable() { return *executable_; }

 private:
  bool fits(const PreparedFrom& from, std::span<const StateSlot> states) const;
  std::shared_ptr<Executable> executable_;
  Execution execution_;
  std::vector<int> states_;
  std::mutex mutex_;
  std::weak_ptr<const PreparedValues> latest_;
  std::weak_ptr<const PreparedFrom> origin_;
};

}  // namespace miai
