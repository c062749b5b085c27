// Puts pointwise programs one after the other into one program.
#pragma once
#include <vector>

#include "kernels/common/parallel.h"
#include "kernels/common/pointwise/program.h"

namespace miai {

class ProgramJoiner {
 public:
  pointwise::Register input(DType dtype, int index);
  pointwise::Register constant(DType dtype, double number, int64_t integer);
  /// Appends a program of one output; `input` says which register its input i is (`load`: how it would have
  /// been read). Gives the register of its output.
  pointwise::Register append(
      const pointwise::Program& program,
      FunctionRef<pointwise::Register(int i, const pointwise::Instruction& load)> input);
  pointwise::Program finish(std::vector<pointwise::Register> outputs, int input_count);

 private:
  pointwise::Register push(const pointwise::Instruction& instruction);
  pointwise::Program program_;
};

/// Registers that hold something at once when the program runs: inputs and constants all the time, results
/// from their writing to their last reading.
int registers_needed(const pointwise::Program& program);

}  // namespace miai
