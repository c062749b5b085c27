#include "kernels/common/pointwise/builder.h"

#include "kernels/common/error.h"

namespace miai::pointwise {
namespace {

DType widened(DType dtype) {
  return dtype == DType::kFloat16 || dtype == DType::kBFloat16 ? DType::kFloat32 : dtype;
}

DType compute_dtype_of(std::span<const DType> inputs, DType output) {
  DType dtype = inputs.empty() ? output : inputs[0];
  for (DType input : inputs) dtype = promote(dtype, input);
  dtype = widened(dtype);
  if (is_float(output) && !is_float(dtype)) dtype = widened(output);
  return dtype;
}

bool gives_bool(Opcode opcode) {
  return (opcode >= Opcode::kEqual && opcode <= Opcode::kLogicalNot) || opcode == Opcode::kIsNan ||
         opcode == Opcode::kIsInf;
}

}  // namespace

Builder::Builder(std::span<const DType> inputs, DType output)
    : inputs_(inputs.begin(), inputs.end()), output_(output), compute_(compute_dtype_of(inputs, output)) {
  program_.input_count = static_cast<int>(inputs.size());
}

Expr Builder::push(const Instruction& instruction) {
  for (size_t i = 0; i < program_.code.size(); ++i)
    if (program_.code[i] == instruction) return {this, static_cast<Register>(i)};
  program_.code.push_back(instruction);
  return {this, static_cast<Register>(program_.code.size() - 1)};
}

Expr Builder::raw_input(int i) {
  Instruction in{Opcode::kInput, widened(inputs_[i])};
  in.index = i;
  return push(in);
}
Expr Builder::input(int i) { return cast(raw_input(i), compute_); }

Expr Builder::constant(double value) {
  Instruction c{Opcode::kConstant, compute_};
  c.value = value;
  if (!is_float(compute_)) c.integer = static_cast<int64_t>(value);
  return push(c);
}

Expr Builder::cast(Expr x, DType dtype) {
  if (program_.code[x.reg].dtype == dtype) return x;
  return push({Opcode::kCast, dtype, x.reg});
}

Expr Builder::apply(Opcode opcode, Expr a) {
  return push({opcode, gives_bool(opcode) ? DType::kBool : program_.code[a.reg].dtype, a.reg});
}
Expr Builder::apply(Opcode opcode, Expr a, Expr b) {
  return push({opcode, gives_bool(opcode) ? DType::kBool : program_.code[a.reg].dtype, a.reg, b.reg});
}
Expr Builder::select(Expr condition, Expr a, Expr b) {
  return push({Opcode::kSelect, program_.code[a.reg].dtype, cast(condition, DType::kBool).reg, a.reg, b.reg});
}
Program Builder::finish(Expr result) {
  program_.outputs = {cast(result, widened(output_)).reg};
  return std::move(program_);
}

namespace {
Expr binary(Opcode opcode, Expr a, Expr b) { return a.builder->apply(opcode, a, b); }
Expr number(Expr like, double value) { return like.builder->constant(value); }
}  // namespace

Expr operator+(Expr a, Expr b) { return binary(Opcode::kAdd, a, b); }
Expr operator-(Expr a, Expr b) { return binary(Opcode::kSub, a, b); }
Expr operator*(Expr a, Expr b) { return binary(Opcode::kMul, a, b); }
Expr operator/(Expr a, Expr b) { return binary(Opcode::kDiv, a, b); }
Expr operator+(Expr a, double b) { return a + number(a, b); }
Expr operator-(Expr a, double b) { return a - number(a, b); }
Expr operator*(Expr a, double b) { return a * number(a, b); }
Expr operator/(Expr a, double b) { return a / number(a, b); }
Expr operator+(double a, Expr b) { return number(b, a) + b; }
Expr operator-(double a, Expr b) { return number(b, a) - b; }
Expr operator*(double a, Expr b) { return number(b, a) * b; }
Expr operator/(double a, Expr b) { return number(b, a) / b; }
Expr operator-(Expr a) { return a.builder->apply(Opcode::kNeg, a); }
Expr operator<(Expr a, Expr b) { return binary(Opcode::kLess, a, b); }
Expr operator<=(Expr a, Expr b) { return binary(Opcode::kLessEqual, a, b); }
Expr operator>(Expr a, Expr b) { return binary(Opcode::kGreater, a, b); }
Expr operator>=(Expr a, Expr b) { return binary(Opcode::kGreaterEqual, a, b); }
Expr operator<(Expr a, double b) { return a < number(a, b); }
Expr operator<=(Expr a, double b) { return a <= number(a, b); }
Expr operator>(Expr a, double b) { return a > number(a, b); }
Expr operator>=(Expr a, double b) { return a >= number(a, b); }
Expr max(Expr a, Expr b) { return binary(Opcode::kMax, a, b); }
Expr max(Expr a, double b) { return max(a, number(a, b)); }
Expr min(Expr a, Expr b) { return binary(Opcode::kMin, a, b); }
Expr min(Expr a, double b) { return min(a, number(a, b)); }
Expr exp(Expr a) { return a.builder->apply(Opcode::kExp, a); }
Expr log(Expr a) { return a.builder->apply(Opcode::kLog, a); }
Expr sqrt(Expr a) { return a.builder->apply(Opcode::kSqrt, a); }
Expr tanh(Expr a) { return a.builder->apply(Opcode::kTanh, a); }
Expr erf(Expr a) { return a.builder->apply(Opcode::kErf, a); }
Expr abs(Expr a) { return a.builder->apply(Opcode::kAbs, a); }
Expr square(Expr a) { return a.builder->apply(Opcode::kSquare, a); }
Expr select(Expr c, Expr a, Expr b) { return a.builder->select(c, a, b); }

}  // namespace miai::pointwise
