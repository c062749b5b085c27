// The sizes of one call: the values of a function's symbols.
#pragma once
#include <vector>

#include "graph/ir/function.h"
#include "kernels/common/tensor_view.h"

namespace miai {

/// Solves the symbols of the inputs and of the states that are read, checks that all sizes agree with the
/// types and with the function's conditions. Raises TypeError or ValueError naming the input or state.
SymbolValues solve_sizes(const Function& function, const std::vector<TensorMeta>& inputs,
                         const std::vector<TensorMeta>& states);

}  // namespace miai
