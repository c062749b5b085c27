// How the results of one call came to be: its plan and its operands, so that it can run again.
#pragma once
#include <memory>
#include <vector>

#include "imperative/call_plan.h"
#include "imperative/evicted_set.h"

namespace miai {

class Recipe;
using RecipePtr = IntrusivePtr<Recipe>;

/// Where an operand's memory comes from: kept, or made by another call, whose result may be gone meanwhile.
struct RecipeOperand {
  IntrusivePtr<Storage> kept;
  RecipePtr maker;
  size_t output = 0;  // of the maker
  int64_t byte_offset = 0;

  bool is_given() const { return kept || maker; }
};

class Recipe final : public RefCounted {
 public:
  /// `has_run`: the call was made; else its first run is yet to come.
  Recipe(std::shared_ptr<const CallPlan> plan, std::span<const Var> inputs, bool has_run);
  ~Recipe() override;

  const std::shared_ptr<const CallPlan> plan;
  const int threads;     // a kernel's bits may depend on their number
  const double seconds;  // about how long it takes
  bool has_run;
  std::vector<RecipeOperand> operands;
  std::vector<Storage*> outputs;  // those that live; a storage that ends takes itself out

  /// Runs the kernel (once more); all outputs get memory of their own.
  std::vector<IntrusivePtr<Storage>> run(std::span<const IntrusivePtr<Storage>> inputs);

  /// A result is gone, or all are there again. What the neighbourhood lacks counts in `seconds_with_missing`.
  void set_missing(bool missing);
  /// The time for this call and for the missing ones around it, which would have to run too.
  double seconds_with_missing() const;

 private:
  /// The missing calls that operand i needs; behind the last operand: those that need this one.
  const EvictedSet* missing_root(size_t i) const;

  EvictedSetPtr missing_;        // set: a result is gone
  EvictedSetPtr missing_below_;  // of calls that read its results
};

}  // namespace miai
