// Operators as C++ functions of Vars, for gradients and lowerings. They go where the current emitter sends
// them. An operator that only its own file calls needs no entry here: use find_op and emit1.
#pragma once
#include <initializer_list>

#include "graph/ir/emitter.h"
#include "graph/ops/tables.h"

namespace miai {

// Pointwise, with broadcasting and promotion. A number is a 0-d constant of the other operand's dtype.
Var operator+(const Var& a, const Var& b);
Var operator-(const Var& a, const Var& b);
Var operator*(const Var& a, const Var& b);
Var operator/(const Var& a, const Var& b);
Var operator+(const Var& a, double b);
Var operator-(const Var& a, double b);
Var operator*(const Var& a, double b);
Var operator/(const Var& a, double b);
Var operator+(double a, const Var& b);
Var operator-(double a, const Var& b);
Var operator*(double a, const Var& b);
Var operator/(double a, const Var& b);
Var operator-(const Var& a);
Var pow(const Var& a, const Var& b);
Var exp(const Var& a);
Var log(const Var& a);
Var sqrt(const Var& a);
Var square(const Var& a);
Var tanh(const Var& a);
Var sin(const Var& a);
Var cos(const Var& a);
Var sign(const Var& a);
Var sigmoid(const Var& a);
Var equal(const Var& a, const Var& b);  // bool
Var less(const Var& a, const Var& b);
Var less_equal(const Var& a, const Var& b);
Var greater(const Var& a, const Var& b);
Var greater_equal(const Var& a, const Var& b);
Var where(const Var& mask, const Var& a, const Var& b);
Var cast(const Var& a, DType dtype);  // a itself if it has the dtype

// Constants.
Var full(const Dims& shape, double value, DType dtype, Device device);
Var full_like(const Var& a, double value);
Var zeros_like(const Var& a);
/// A 0-d constant with the dtype and device of `like`.
Var scalar_like(const Var& like, double value);

/// A size as an int64 tensor of rank 0; the size may be symbolic.
Var dim_value(Dim dim, Device device);

// Reductions.
Var sum(const Var& a, std::optional<Ints> axis, bool keepdims);
Var max(const Var& a, std::optional<Ints> axis, bool keepdims);
/// Sums over the axes that broadcasting `shape` to a's shape has added or stretched; the gradient of
/// broadcasting.
Var sum_to(const Var& a, const Dims& shape);

// Shape.
Var reshape(const Var& a, const Dims& shape);
Var broadcast_to(const Var& a, const Dims& shape);
Var transpose(const Var& a, const Ints& pattern);
Var expand_dims(const Var& a, int axis);
/// Leading dimensions merged: (..., n) as (rows, n).
Var as_rows(const Var& a);
/// The last two axes exchanged.
Var swap_last(const Var& a);
Var concat(const Vars& parts, int axis);
Var slice(const Var& a, const Dims& start, const Dims& size, const Ints& stride);
/// A copy of a in which the slice is `value`.
Var set_slice(const Var& a, const Var& value, const Dims& start, const Dims& size, const Ints& stride);
/// Sizes [begin, begin + size) of one axis.
Var narrow(const Var& a, int axis, Dim begin, Dim size);

// Linear algebra.
Var matmul(const Var& a, const Var& b, bool transpose_a = false, bool transpose_b = false);

}  // namespace miai
