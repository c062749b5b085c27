#include "graph/passes/program_joiner.h"

#include <algorithm>

namespace miai {

using pointwise::Instruction;
using pointwise::Opcode;
using pointwise::Program;
using pointwise::Register;

/// Equal instructions share a register.
Register ProgramJoiner::push(const Instruction& instruction) {
  auto it = std::find(program_.code.begin(), program_.code.end(), instruction);
  if (it != program_.code.end()) return static_cast<Register>(it - program_.code.begin());
  program_.code.push_back(instruction);
  return static_cast<Register>(program_.code.size() - 1);
}

Register ProgramJoiner::input(DType dtype, int index) {
  Instruction load{Opcode::kInput, dtype};
  load.index = index;
  return push(load);
}

Register ProgramJoiner::constant(DType dtype, double number, int64_t integer) {
  Instruction constant{Opcode::kConstant, dtype};
  constant.value = number;
  constant.integer = is_float(dtype) ? 0 : integer;
  return push(constant);
}

Register ProgramJoiner::append(const Program& program,
                               FunctionRef<Register(int i, const Instruction& load)> input) {
  std::vector<Register> moved;
  auto at = [&](Register old) { return old < 0 ? old : moved[static_cast<size_t>(old)]; };
  for (const Instruction& instruction : program.code) {
    if (instruction.opcode == Opcode::kInput) {
      moved.push_back(input(instruction.index, instruction));
      continue;
    }
    Instruction copy = instruction;
    copy.a = at(copy.a);
    copy.b = at(copy.b);
    copy.c = at(copy.c);
    moved.push_back(push(copy));
  }
  return at(program.outputs[0]);
}

Program ProgramJoiner::finish(std::vector<Register> outputs, int input_count) {
  program_.outputs = std::move(outputs);
  program_.input_count = input_count;
  return std::move(program_);
}

int registers_needed(const Program& program) {
  const size_t count = program.code.size();
  std::vector<size_t> last_read(count);
  for (size_t i = 0; i < count; ++i)
    for (Register r : {program.code[i].a, program.code[i].b, program.code[i].c})
      if (r >= 0) last_read[static_cast<size_t>(r)] = i;
  for (Register r : program.outputs) last_read[static_cast<size_t>(r)] = count;
  int kept = 0, live = 0, most = 0;
  std::vector<int> freed(count + 1);
  for (size_t i = 0; i < count; ++i) {
    if (program.code[i].opcode <= Opcode::kConstant) {
      ++kept;
      continue;
    }
    most = std::max(most, ++live);  // written before its operands are given back
    ++freed[last_read[i]];
    live -= freed[i];
  }
  return kept + most;
}

}  // namespace miai
