// The gradient of a composite without a rule of its own: its lowering, differentiated.
#pragma once
#include "graph/autodiff/backward.h"

namespace miai {

/// Applies the record's lowering again, keeping a record of each operator, and runs backward over those.
Vars lowered_gradient(OpRecord& record, Vars out_grads, IdOf id_of);

}  // namespace miai
