#include "kernels/common/attrs/pointwise.h"

#include <array>
#include <charconv>
#include <sstream>

namespace miai {
namespace pointwise {
namespace {

constexpr int kOpcodeCount = static_cast<int>(Opcode::kSelect) + 1;
constexpr std::array<std::string_view, kOpcodeCount> kNames{
    "in",     "const", "cast",   "add",    "sub",   "mul",  "div",    "floor_div",  "mod",   "pow",
    "max",    "min",   "atan2",  "neg",    "abs",   "sign", "square", "reciprocal", "sqrt",  "rsqrt",
    "exp",    "expm1", "log",    "log1p",  "sin",   "cos",  "tan",    "asin",       "acos",  "atan",
    "sinh",   "cosh",  "tanh",   "erf",    "floor", "ceil", "round",  "trunc",      "isnan", "isinf",
    "eq",     "ne",    "lt",     "le",     "gt",    "ge",   "and",    "or",         "xor",   "not",
    "bitand", "bitor", "bitxor", "bitnot", "shl",   "shr",  "select"};

}  // namespace

std::string_view opcode_name(Opcode opcode) { return kNames[static_cast<size_t>(opcode)]; }

}  // namespace pointwise

namespace {

using pointwise::Instruction;
using pointwise::Opcode;
using pointwise::Program;
using pointwise::Register;

[[noreturn]] void damaged(std::string_view text) {
  raise(ErrorKind::kValue, "pointwise: argument 'program': not a program: '", text.substr(0, 80), "'");
}

std::string double_to_text(double value) {
  std::array<char, 40> buffer;
  auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end);
}

/// Takes the next piece of `text` up to `separator`.
std::string_view take(std::string_view& text, char separator) {
  size_t at = text.find(separator);
  std::string_view piece = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return piece;
}

template <class T>
T number(std::string_view piece, std::string_view whole) {
  T value{};
  auto [end, failure] = std::from_chars(piece.data(), piece.data() + piece.size(), value);
  if (failure != std::errc() || end != piece.data() + piece.size()) damaged(whole);
  return value;
}

int operand_count(Opcode opcode) {
  if (opcode <= Opcode::kConstant) return 0;
  if (opcode == Opcode::kSelect) return 3;
  bool unary = opcode == Opcode::kCast || (opcode >= Opcode::kNeg && opcode <= Opcode::kIsInf) ||
               opcode == Opcode::kLogicalNot || opcode == Opcode::kBitNot;
  return unary ? 1 : 2;
}

Opcode opcode_of(std::string_view name, std::string_view whole) {
  for (int i = 0; i < pointwise::kOpcodeCount; ++i)
    if (pointwise::kNames[i] == name) return static_cast<Opcode>(i);
  damaged(whole);
}

Instruction parse_instruction(std::string_view text, int position, std::string_view whole) {
  Instruction in{opcode_of(take(text, ':'), whole), DType::kFloat32};
  std::string_view head = take(text, ',');
  std::string_view dtype = take(head, '#');
  std::optional<DType> known = dtype_from_name(dtype);
  if (!known) damaged(whole);
  in.dtype = *known;
  if (in.opcode == Opcode::kInput) in.index = number<int32_t>(head, whole);
  if (in.opcode == Opcode::kConstant) {
    in.value = number<double>(take(head, '#'), whole);
    in.integer = number<int64_t>(head, whole);
  }
  Register* operands[3] = {&in.a, &in.b, &in.c};
  for (int i = 0; i < operand_count(in.opcode); ++i) {
    *operands[i] = number<Register>(take(text, ','), whole);
    if (*operands[i] < 0 || *operands[i] >= position) damaged(whole);
  }
  return in;
}

}  // namespace

std::string program_to_text(const Program& program) {
  std::ostringstream out;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction& in = program.code[i];
    out << (i ? ";" : "") << pointwise::opcode_name(in.opcode) << ':' << in.dtype;
    if (in.opcode == Opcode::kInput) out << '#' << in.index;
    if (in.opcode == Opcode::kConstant) out << '#' << double_to_text(in.value) << '#' << in.integer;
    const Register operands[3] = {in.a, in.b, in.c};
    for (int k = 0; k < operand_count(in.opcode); ++k) out << ',' << operands[k];
  }
  out << '>';
  for (size_t i = 0; i < program.outputs.size(); ++i) out << (i ? "," : "") << program.outputs[i];
  out << '|' << program.input_count;
  return out.str();
}

Program program_from_text(std::string_view text) {
  const std::string_view whole = text;
  Program program;
  if (text.empty()) return program;
  std::string_view code = take(text, '>'), outputs = take(text, '|');
  program.input_count = number<int>(text, whole);
  while (!code.empty())
    program.code.push_back(parse_instruction(take(code, ';'), static_cast<int>(program.code.size()), whole));
  while (!outputs.empty()) {
    program.outputs.push_back(number<Register>(take(outputs, ','), whole));
    if (program.outputs.back() < 0 || program.outputs.back() >= static_cast<int>(program.code.size()))
      damaged(whole);
  }
  for (const Instruction& in : program.code)
    if (in.opcode == Opcode::kInput && (in.index < 0 || in.index >= program.input_count)) damaged(whole);
  return program;
}

}  // namespace miai
