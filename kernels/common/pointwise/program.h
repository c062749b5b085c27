// A pointwise operator's scalar expression as data: a small register program. One tile interpreter per
// instruction set runs it, fused kernels concatenate it, and CUDA prints it as source.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/common/dtype.h"

namespace miai::pointwise {

/// Scalar instructions. Comparisons give bool; kSelect is c ? a : b.
enum class Opcode : uint8_t {
  kInput,     // the element of input `index`, converted to the program's compute dtype (or kept, see
              // Instruction)
  kConstant,  // `value`
  kCast,      // a converted to `dtype`
  // arithmetic
  kAdd,
  kSub,
  kMul,
  kDiv,
  kFloorDiv,
  kMod,
  kPow,
  kMax,
  kMin,
  kAtan2,
  kNeg,
  kAbs,
  kSign,
  kSquare,
  kReciprocal,
  // floating functions
  kSqrt,
  kRsqrt,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kTanh,
  kErf,
  kFloor,
  kCeil,
  kRound,
  kTrunc,
  kIsNan,
  kIsInf,
  // comparison and logic
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kLogicalAnd,
  kLogicalOr,
  kLogicalXor,
  kLogicalNot,
  kBitAnd,
  kBitOr,
  kBitXor,
  kBitNot,
  kShiftLeft,
  kShiftRight,
  kSelect,
};
std::string_view opcode_name(Opcode opcode);

using Register = int16_t;

/// Writes register i (its position in the program) from earlier registers.
struct Instruction {
  Opcode opcode;
  DType dtype;  // of the result
  Register a = -1, b = -1, c = -1;
  int32_t index = 0;    // kInput
  double value = 0;     // kConstant
  int64_t integer = 0;  // kConstant of an integer dtype
  friend bool operator==(const Instruction&, const Instruction&) = default;
};

/// Instructions in order; the outputs are registers. 16-bit floats compute in float32: only kInput and the
/// final store convert. Programs are built for the dtypes of one call by ProgramBuilder.
struct Program {
  std::vector<Instruction> code;
  std::vector<Register> outputs;
  int input_count = 0;
  friend bool operator==(const Program&, const Program&) = default;
};

}  // namespace miai::pointwise
