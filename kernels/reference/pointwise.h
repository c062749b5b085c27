// Runs a pointwise program element by element.
#pragma once
#include <span>

#include "kernels/common/parallel.h"
#include "kernels/common/pointwise/loop.h"
#include "kernels/common/pointwise/program.h"

namespace miai::kernels {

/// Bytes of scratch memory that run_program takes.
size_t program_workspace(const pointwise::Program& program);
/// `input` gives the program's inputs, which are the loop's.
void run_program(const pointwise::Program& program, const pointwise::Loop& loop,
                 FunctionRef<const TensorView&(int)> input, std::span<const TensorView> outputs,
                 void* workspace);

}  // namespace miai::kernels
