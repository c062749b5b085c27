// Runs one operator on constants, while compiling.
#pragma once
#include <optional>

#include "graph/ir/function.h"

namespace miai {

/// The outputs of a node whose inputs are constants on the cpu, by the kernels that eager would run. nullopt
/// where that cannot be done now: sizes or devices say no, or a kernel raised (it shall raise when the
/// function runs).
std::optional<std::vector<ConstantData>> evaluate_node(const Node& node);

}  // namespace miai
