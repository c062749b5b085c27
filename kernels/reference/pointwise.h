// Runs a pointwise program element by element.
#pragma once
#include "kernels/reference/program_element.h"

namespace miai::kernels {

/// Bytes of scratch memory that run_elements takes.
size_t program_workspace(const pointwise::Program& program);
/// All elements of the loop, whose operands are the outputs and then the inputs.
void run_elements(const pointwise::Program& program, const pointwise::Loop& loop, ProgramInputs inputs,
                  std::span<const TensorView> outputs, void* workspace);

}  // namespace miai::kernels
