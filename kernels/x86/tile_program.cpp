#include "kernels/x86/tile_program.h"

#include <algorithm>
#include <string>

#include "kernels/x86/isa.h"

namespace miai::kernels {

using pointwise::Instruction;
using pointwise::Opcode;
using pointwise::Program;

const TileInstructions& tile_instructions() {
  return choose_isa(baseline::kTileInstructions, avx2::kTileInstructions, avx512::kTileInstructions);
}

void fill_tile(void* tile, DType dtype, double value, int64_t integer, int64_t n) {
  visit_dtype(dtype, [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>) {
      T element = is_float(dtype) ? static_cast<T>(value) : static_cast<T>(integer);
      std::fill_n(static_cast<T*>(tile), n, element);
    }
  });
}

namespace {

bool is_half(DType dtype) { return dtype == DType::kFloat16 || dtype == DType::kBFloat16; }

/// Places for registers, given back after the last reader.
class PlaceAllocator {
 public:
  PlaceAllocator(const Program& program) : last_use_(program.code.size(), -1) {
    for (size_t i = 0; i < program.code.size(); ++i)
      for (pointwise::Register r : {program.code[i].a, program.code[i].b, program.code[i].c})
        if (r >= 0) last_use_[r] = static_cast<int>(i);
    for (pointwise::Register r : program.outputs) last_use_[r] = static_cast<int>(program.code.size());
  }
  int take() {
    if (free_.empty()) return count_++;
    int place = free_.back();
    free_.pop_back();
    return place;
  }
  void release_after(int step, pointwise::Register r, int place) {
    if (r >= 0 && last_use_[r] == step) free_.push_back(place);
  }
  int count() const { return count_; }

 private:
  std::vector<int> last_use_;
  std::vector<int> free_;
  int count_ = 0;
};

class Compiler {
 public:
  Compiler(const Program& program, const TileOperands& operands)
      : operands_(operands), program_(program), places_(program) {
    result_.loop = pointwise::make_loop(operands.outputs, operands.inputs);
    place_of_.assign(program.code.size(), -1);
  }

  TileProgram compile() {
    // inputs and constants keep their places: they are filled once a tile, or once a call
    for (size_t i = 0; i < program_.code.size(); ++i) {
      const Instruction& in = program_.code[i];
      if (in.opcode == Opcode::kInput) add_input(i, in);
      if (in.opcode == Opcode::kConstant) add_constant(i, in);
    }
    for (size_t i = 0; i < program_.code.size(); ++i)
      if (program_.code[i].opcode > Opcode::kConstant) add_step(i, program_.code[i]);
    for (size_t k = 0; k < program_.outputs.size(); ++k) add_store(k);
    result_.places = places_.count();
    return std::move(result_);
  }

 private:
  void add_input(size_t i, const Instruction& in) {
    DType stored = operands_.inputs[in.index].dtype;
    place_of_[i] = places_.take();
    const size_t operand = operands_.outputs.size() + static_cast<size_t>(in.index);
    const bool is_made = in.index == operands_.made_input;
    if (!is_made && stored == in.dtype && lies_dense(operand)) {
      result_.direct.push_back({in.index, place_of_[i], dtype_size(stored)});
      return;
    }
    TileFunction convert = stored == in.dtype ? nullptr : tile_instructions().convert(stored, in.dtype);
    result_.loads.push_back({in.index, place_of_[i], convert, dtype_size(stored), is_made});
  }

  void add_constant(size_t i, const Instruction& in) {
    place_of_[i] = places_.take();
    TileProgram::Constant constant{place_of_[i], in.dtype, in.value, in.integer};
    fill_tile(&constant.element, in.dtype, in.value, in.integer, 1);
    result_.constants.push_back(constant);
  }

  bool keeps_place(pointwise::Register r) const {
    return r < 0 || program_.code[r].opcode <= Opcode::kConstant;
  }

  void add_step(size_t i, const Instruction& in) {
    TileProgram::Step step;
    DType operand = program_.code[in.opcode == Opcode::kSelect ? in.b : in.a].dtype;
    step.run = in.opcode == Opcode::kCast ? tile_instructions().convert(operand, in.dtype)
                                          : tile_instructions().find(in.opcode, operand);
    auto place = [&](pointwise::Register r) { return r < 0 ? -1 : place_of_[r]; };
    step.a = place(in.a), step.b = place(in.b), step.c = place(in.c);
    step.out = place_of_[i] = places_.take();
    pointwise::Register seen[3] = {in.a, in.b, in.c};
    for (int k = 0; k < 3; ++k) {
      bool repeated = (k > 0 && seen[k] == seen[0]) || (k > 1 && seen[k] == seen[1]);
      if (!keeps_place(seen[k]) && !repeated)
        places_.release_after(static_cast<int>(i), seen[k], place(seen[k]));
    }
    result_.steps.push_back(step);
  }

  void add_store(size_t k) {
    pointwise::Register r = program_.outputs[k];
    DType stored = operands_.outputs[k].dtype;
    bool last = !result_.steps.empty() && result_.steps.back().out == place_of_[r] &&
                static_cast<size_t>(r) + 1 == program_.code.size();
    if (last && program_.outputs.size() == 1 && stored == program_.code[r].dtype && lies_dense(0)) {
      result_.writes_output = true;
      result_.output_bytes = dtype_size(stored);
      return;
    }
    TileFunction convert = stored == program_.code[r].dtype
                               ? nullptr
                               : tile_instructions().convert(program_.code[r].dtype, stored);
    result_.stores.push_back({static_cast<int>(k), place_of_[r], convert, dtype_size(stored), lies_dense(k)});
  }

  /// A single element has no order, and is read with the others of its kind.
  bool lies_dense(size_t operand) const { return result_.loop.size > 1 && result_.loop.is_dense(operand); }

  const TileOperands& operands_;
  const Program& program_;
  PlaceAllocator places_;
  std::vector<int> place_of_;
  TileProgram result_;
};

}  // namespace

TileProgram make_tile_program(const Program& program, const TileOperands& operands) {
  return Compiler(program, operands).compile();
}

Support supports_tiles(const Program& program, const TileOperands& operands) {
  for (const Instruction& in : program.code) {
    if (in.opcode == Opcode::kConstant && is_half(in.dtype))
      return Support::no("a constant of a 16-bit float");
    if (in.opcode <= Opcode::kCast) continue;
    DType operand = program.code[in.opcode == Opcode::kSelect ? in.b : in.a].dtype;
    if (!tile_instructions().find(in.opcode, operand))
      return Support::no(std::string(pointwise::opcode_name(in.opcode)) + " of " +
                         std::string(dtype_name(operand)) + " has no tile loop");
  }
  if (Compiler(program, operands).compile().places > kMostTiles)
    return Support::no("the program needs more than " + std::to_string(kMostTiles) + " tiles at once");
  return Support::yes();
}

}  // namespace miai::kernels
