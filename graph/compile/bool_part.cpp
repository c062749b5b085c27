#include "graph/compile/bool_part.h"

#include <algorithm>

namespace miai {
namespace {

using pointwise::Instruction;
using pointwise::Opcode;
using pointwise::Program;
using pointwise::Register;

size_t at(Register r) { return static_cast<size_t>(r); }

class Splitter {
 public:
  Splitter(const Program& program, int input) : program_(program), of_input_(program.code.size()) {
    for (size_t i = 0; i < program.code.size(); ++i) of_input_[i] = depends_on(program.code[i], input);
  }

  /// The registers that the rest of the program reads; none if they are not all bools.
  std::vector<Register> borders() const {
    std::vector<Register> read(program_.outputs), borders;
    for (size_t i = 0; i < program_.code.size(); ++i)
      if (!of_input_[i])
        for (Register r : operands(program_.code[i])) read.push_back(r);
    for (Register r : read) {
      if (r < 0 || !of_input_[at(r)] || std::find(borders.begin(), borders.end(), r) != borders.end())
        continue;
      if (program_.code[at(r)].dtype != DType::kBool) return {};
      borders.push_back(r);
    }
    return borders;
  }

  Program bools(Register border) const {
    Program program = copy([&](size_t i) { return program_.code[i]; }, {border});
    for (Instruction& instruction : program.code) instruction.index = 0;
    program.input_count = 1;
    return program;
  }

  Program rest(const std::vector<Register>& borders, int input) const {
    auto instruction_at = [&](size_t i) {
      auto border = std::find(borders.begin(), borders.end(), static_cast<Register>(i)) - borders.begin();
      if (border == std::ssize(borders)) return program_.code[i];
      Instruction load{Opcode::kInput, DType::kBool};
      load.index = border == 0 ? input : program_.input_count + static_cast<int>(border) - 1;
      return load;
    };
    Program program = copy(instruction_at, program_.outputs);
    program.input_count += static_cast<int>(borders.size()) - 1;
    return program;
  }

 private:
  static std::vector<Register> operands(const Instruction& i) { return {i.a, i.b, i.c}; }

  /// On the input alone: on nothing else but constants.
  bool depends_on(const Instruction& instruction, int input) const {
    if (instruction.opcode == Opcode::kInput) return instruction.index == input;
    bool depends = false;
    for (Register r : operands(instruction)) {
      if (r < 0) continue;
      if (!of_input_[at(r)] && program_.code[at(r)].opcode != Opcode::kConstant) return false;
      depends |= of_input_[at(r)];
    }
    return depends;
  }

  /// Those instructions that `outputs` need, each as `instruction_at` gives it.
  template <class At>
  Program copy(At&& instruction_at, const std::vector<Register>& outputs) const {
    std::vector<bool> is_needed(program_.code.size());
    for (Register r : outputs) is_needed[at(r)] = true;
    for (size_t i = program_.code.size(); i-- > 0;)
      if (is_needed[i])
        for (Register r : operands(instruction_at(i)))
          if (r >= 0) is_needed[at(r)] = true;
    Program program;
    program.input_count = program_.input_count;
    std::vector<Register> moved(program_.code.size(), -1);
    auto move = [&](Register r) { return r < 0 ? r : moved[at(r)]; };
    for (size_t i = 0; i < program_.code.size(); ++i) {
      if (!is_needed[i]) continue;
      moved[i] = static_cast<Register>(program.code.size());
      Instruction instruction = instruction_at(i);
      instruction.a = move(instruction.a);
      instruction.b = move(instruction.b);
      instruction.c = move(instruction.c);
      program.code.push_back(instruction);
    }
    for (Register r : outputs) program.outputs.push_back(move(r));
    return program;
  }

  const Program& program_;
  std::vector<bool> of_input_;  // registers that depend on the input alone
};

}  // namespace

std::optional<BoolPart> bool_part(const Program& program, int input) {
  Splitter splitter(program, input);
  std::vector<Register> borders = splitter.borders();
  if (borders.empty()) return std::nullopt;
  BoolPart part{{}, splitter.rest(borders, input)};
  for (Register border : borders) part.bools.push_back(splitter.bools(border));
  return part;
}

}  // namespace miai
