#include "graph/ops/pointwise.h"

#include <algorithm>

#include "graph/ops/builders.h"
#include "kernels/common/attrs/pointwise.h"

namespace miai {

Dims broadcast_shapes(const InferContext& context) {
  Dims shape;
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has(i)) continue;
    const Dims& other = context.input(i).shape;
    while (shape.size() < other.size()) shape.insert(0, 1);
    for (int k = 0; k < other.size(); ++k) {
      Dim& mine = shape[shape.size() - other.size() + k];
      if (other[k] == Dim(1) || mine == other[k]) continue;
      if (mine == Dim(1)) {
        mine = other[k];
      } else if (!dims_equal(mine, other[k])) {
        context.fail(ErrorKind::kValue, context.input_name(i), "expected a shape that broadcasts with ",
                     shape, ", got shape ", other);
      }
    }
  }
  return shape;
}

std::function<void(InferContext&)> infer_pointwise(PointwiseResult result) {
  return [result](InferContext& c) {
    DType dtype = c.input(0).dtype;
    for (int i = 1; i < c.input_count(); ++i)
      if (c.has(i)) dtype = promote(dtype, c.input(i).dtype);
    if (result == PointwiseResult::kFloat && !is_float(dtype)) dtype = DType::kFloat32;
    if (result == PointwiseResult::kBool) dtype = DType::kBool;
    c.output(dtype, broadcast_shapes(c), c.input(0).device);
  };
}

std::function<void(InferContext&)> infer_numbers() {
  return [infer = infer_pointwise(PointwiseResult::kPromoted)](InferContext& c) {
    infer(c);
    if (c.outputs[0].dtype == DType::kBool)
      c.fail(ErrorKind::kType, c.input_name(0),
             "expected numbers, got bool; use logical_xor or logical_not, or astype('int64')");
  };
}

std::function<void(InferContext&)> infer_bits(bool with_bools) {
  return [with_bools, infer = infer_pointwise(PointwiseResult::kPromoted)](InferContext& c) {
    for (int i = 0; i < c.input_count(); ++i)
      if (!(with_bools && c.input(i).dtype == DType::kBool)) c.check_int(i);
    infer(c);
  };
}

OpDef unary_op(std::string name, std::string doc, PointwiseResult result, UnaryExpression expression) {
  OpDef op;
  op.name = std::move(name);
  op.doc = std::move(doc);
  op.inputs = {{"x"}};
  op.infer = infer_pointwise(result);
  op.expression = [expression](pointwise::Builder& b, const Attrs&) { return expression(b.input(0)); };
  op.may_overwrite = {0};
  return op;
}

OpDef binary_op(std::string name, std::string doc, PointwiseResult result, BinaryExpression expression) {
  OpDef op;
  op.name = std::move(name);
  op.doc = std::move(doc);
  op.inputs = {{"x"}, {"y"}};
  op.infer = infer_pointwise(result);
  op.expression = [expression](pointwise::Builder& b, const Attrs&) {
    pointwise::Expr x = b.input(0), y = b.input(1);  // in this order with every compiler
    return expression(x, y);
  };
  op.may_overwrite = {0, 1};
  return op;
}

pointwise::Program build_program(const OpDef& op, const Attrs& attrs, std::span<const DType> inputs,
                                 DType output) {
  pointwise::Builder builder(inputs, output);
  pointwise::Expr result = op.expression(builder, attrs);
  return builder.finish(result);
}

double operation_count(const pointwise::Program& program) {
  return static_cast<double>(
      std::count_if(program.code.begin(), program.code.end(),
                    [](const pointwise::Instruction& i) { return i.opcode > pointwise::Opcode::kCast; }));
}

KernelCall kernel_call(const OpDef& op, const Attrs& attrs, std::span<const TensorMeta> inputs,
                       std::span<const TensorMeta> outputs) {
  if (!op.is_pointwise()) return {op.name, attrs};
  std::vector<DType> dtypes;
  for (const TensorMeta& input : inputs) dtypes.push_back(input.dtype);
  return {"pointwise", make_attrs(PointwiseAttrs{build_program(op, attrs, dtypes, outputs[0].dtype)})};
}

namespace {

/// Brings a gradient to an input's shape and dtype.
Var fit(const Var& grad, const TensorType& type) { return cast(sum_to(grad, type.shape), type.dtype); }

}  // namespace

GradDef unary_grad(Var (*rule)(const Var& dy, const Var& x)) {
  return {
      [rule](GradContext& c) -> Vars { return {fit(rule(c.grad(), c.input(0)), c.input_type(0))}; }, {0}, {}};
}

GradDef unary_grad_from_output(Var (*rule)(const Var& dy, const Var& y)) {
  return {[rule](GradContext& c) -> Vars { return {fit(rule(c.grad(), c.output(0)), c.input_type(0))}; },
          {},
          {0}};
}

GradDef binary_grad(Var (*a)(const Var& dy, const Var& x, const Var& y),
                    Var (*b)(const Var& dy, const Var& x, const Var& y), bool saves_inputs) {
  GradDef grad;
  grad.rule = [a, b](GradContext& c) -> Vars {
    Vars grads(2);
    if (c.needs(0)) grads[0] = fit(a(c.grad(), c.input(0), c.input(1)), c.input_type(0));
    if (c.needs(1)) grads[1] = fit(b(c.grad(), c.input(0), c.input(1)), c.input_type(1));
    return grads;
  };
  if (saves_inputs) grad.saves_inputs = {0, 1};
  return grad;
}

}  // namespace miai
