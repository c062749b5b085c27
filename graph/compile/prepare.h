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

/// What the prepare part gave for these states. While it lives it holds the states it was made from, so
/// nobody writes over them.
struct PreparedValues {
  std::vector<TensorRef> from;
  std::vector<TensorRef> values;  // without storage: given up
  uint64_t serial = 0;            // of this making; never 0, never used again
};

/// Shared by the executions of one executable: they prepare once for the same states. Thread-safe.
class PreparePart {
 public:
  PreparePart(std::shared_ptr<Executable> executable, std::vector<int> states);
  /// `last` if it still fits the states, else values of the states as they are now.
  std::shared_ptr<const PreparedValues> get(const std::shared_ptr<const PreparedValues>& last,
                                            std::span<const StateSlot> states);
  Executable& executable() { return *executable_; }

 private:
  bool fits(const PreparedValues& values, std::span<const StateSlot> states) const;
  std::shared_ptr<Executable> executable_;
  Execution execution_;
  std::vector<int> states_;
  std::mutex mutex_;
  std::weak_ptr<const PreparedValues> latest_;
};

}  // namespace miai
