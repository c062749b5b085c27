// What all pointwise operators share: how shapes broadcast, which dtype comes out, and short ways to define
// them.
#pragma once
#include "graph/ops/tables.h"

namespace miai {

enum class PointwiseResult {
  kPromoted,  // the promotion of the inputs: add, maximum
  kFloat,     // the promotion, float32 for integers and bools: exp, div
  kBool,      // comparisons
};

/// NumPy's broadcasting of all inputs present; raises ValueError naming the argument and both shapes.
Dims broadcast_shapes(const InferContext& context);
/// The infer function of a pointwise operator.
std::function<void(InferContext&)> infer_pointwise(PointwiseResult result);

/// The same for numbers alone (no bools), and for integers alone or with bools; raises TypeError else.
std::function<void(InferContext&)> infer_numbers();
std::function<void(InferContext&)> infer_bits(bool with_bools);

using UnaryExpression = pointwise::Expr (*)(pointwise::Expr x);
using BinaryExpression = pointwise::Expr (*)(pointwise::Expr x, pointwise::Expr y);
OpDef unary_op(std::string name, std::string doc, PointwiseResult result, UnaryExpression expression);
OpDef binary_op(std::string name, std::string doc, PointwiseResult result, BinaryExpression expression);

/// The program for the dtypes of one call.
pointwise::Program build_program(const OpDef& op, const Attrs& attrs, std::span<const DType> inputs,
                                 DType output);

/// Instructions that compute: neither inputs nor constants nor conversions.
double operation_count(const pointwise::Program& program);

/// Which kernel runs a call: the operator's own, or the one for all pointwise operators with the call's
/// program in its attributes. Eager and plans both ask here.
struct KernelCall {
  std::string op;
  Attrs attrs;
};
KernelCall kernel_call(const OpDef& op, const Attrs& attrs, std::span<const TensorMeta> inputs,
                       std::span<const TensorMeta> outputs);

/// Gradient rules: `f(dy, x, y)` is the gradient of a unary operator; saves x or y as asked.
GradDef unary_grad(Var (*rule)(const Var& dy, const Var& x));
GradDef unary_grad_from_output(Var (*rule)(const Var& dy, const Var& y));
/// Of a binary one: gradients of both inputs before they are summed to the inputs' shapes and cast to their
/// dtypes.
GradDef binary_grad(Var (*a)(const Var& dy, const Var& x, const Var& y),
                    Var (*b)(const Var& dy, const Var& x, const Var& y), bool saves_inputs);

}  // namespace miai
