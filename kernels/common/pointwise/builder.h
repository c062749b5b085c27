// Writes a pointwise program as an expression: `1 / (1 + exp(-x))`. Equal subexpressions share a register.
#pragma once
#include <span>

#include "kernels/common/pointwise/program.h"

namespace miai::pointwise {

class Builder;

/// A register of the program being built.
struct Expr {
  Builder* builder = nullptr;
  Register reg = -1;
};

class Builder {
 public:
  /// `inputs`: dtypes as they are in memory; `output`: dtype of the result. The compute dtype is the
  /// promotion of the inputs, or the output's dtype where that is a wider float (int32 -> sqrt -> float32);
  /// float32 for 16-bit floats.
  Builder(std::span<const DType> inputs, DType output);

  DType compute_dtype() const { return compute_; }
  DType output_dtype() const { return output_; }
  int input_count() const { return static_cast<int>(inputs_.size()); }
  Expr input(int i);            // converted to the compute dtype
  Expr raw_input(int i);        // in its own dtype (16-bit floats as float32): a mask stays bool
  Expr constant(double value);  // of the compute dtype
  Expr cast(Expr x, DType dtype);
  Expr apply(Opcode opcode, Expr a);
  Expr apply(Opcode opcode, Expr a, Expr b);
  Expr select(Expr condition, Expr a, Expr b);  // condition ? a : b
  /// Converts to the output dtype and closes the program.
  Program finish(Expr result);

 private:
  Expr push(const Instruction& instruction);
  std::vector<DType> inputs_;
  DType output_, compute_;
  Program program_;
};

// Operators of expressions; a number next to an expression is a constant of the compute dtype.
Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);
Expr operator+(Expr a, double b);
Expr operator-(Expr a, double b);
Expr operator*(Expr a, double b);
Expr operator/(Expr a, double b);
Expr operator+(double a, Expr b);
Expr operator-(double a, Expr b);
Expr operator*(double a, Expr b);
Expr operator/(double a, Expr b);
Expr operator-(Expr a);
Expr operator<(Expr a, Expr b);
Expr operator<=(Expr a, Expr b);
Expr operator>(Expr a, Expr b);
Expr operator>=(Expr a, Expr b);
Expr operator<(Expr a, double b);
Expr operator<=(Expr a, double b);
Expr operator>(Expr a, double b);
Expr operator>=(Expr a, double b);
Expr max(Expr a, Expr b);
Expr max(Expr a, double b);
Expr min(Expr a, Expr b);
Expr min(Expr a, double b);
Expr exp(Expr a);
Expr log(Expr a);
Expr sqrt(Expr a);
Expr tanh(Expr a);
Expr erf(Expr a);
Expr abs(Expr a);
Expr square(Expr a);
Expr select(Expr condition, Expr a, Expr b);

}  // namespace miai::pointwise
