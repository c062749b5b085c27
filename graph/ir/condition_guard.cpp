#include "graph/ir/condition_guard.h"

#include "kernels/common/error.h"

namespace miai {

ConditionGuard::ConditionGuard(const Function& function)
    : scope_([conditions = function.conditions](Dim a, Dim b) {
        for (const DimCondition& c : conditions)
          if ((c.a == a && c.b == b) || (c.a == b && c.b == a)) return c.holds;
        raise(ErrorKind::kValue, "whether ", a, " equals ", b,
              " depends on the sizes of the inputs, and no recorded condition says");
      }) {}

}  // namespace miai
