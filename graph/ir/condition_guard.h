// While a function is built, changed or verified, comparisons of sizes are answered by what its recording
// found.
#pragma once
#include "graph/ir/function.h"

namespace miai {

class ConditionGuard {
 public:
  /// The conditions are copied. A question that none of them answers raises ValueError.
  explicit ConditionGuard(const Function& function);

 private:
  DimGuardScope scope_;
};

}  // namespace miai
