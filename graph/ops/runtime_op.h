// What an operator must be to be registered at run time.
#pragma once
#include "graph/ops/op_def.h"

namespace miai {

/// Files, the printer and Python must be able to name the operator, its inputs and attributes. Raises
/// ValueError.
void check_runtime_op(const OpDef& op);

}  // namespace miai
