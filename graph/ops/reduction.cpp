#include "graph/ops/reduction.h"

#include "graph/ops/builders.h"

namespace miai {
namespace {

/// Which axes are reduced; raises for axes out of range or given twice.
std::vector<bool> reduced_axes(const InferContext& c, const ReduceAttrs& attrs) {
  const int rank = c.input(0).rank();
  std::vector<bool> reduced(rank, !attrs.axis);
  if (!attrs.axis) return reduced;
  for (int64_t a : *attrs.axis) {
    int axis = c.axis(a, rank);
    if (reduced[axis]) c.fail(ErrorKind::kValue, "axis", "expected different axes, got ", axis, " twice");
    reduced[axis] = true;
  }
  return reduced;
}

DType result_dtype(DType dtype, ReduceResult result) {
  if (result == ReduceResult::kIndex) return DType::kInt64;
  if (result == ReduceResult::kBool) return DType::kBool;
  if (result == ReduceResult::kSame || is_float(dtype)) return dtype;
  return result == ReduceResult::kSum ? DType::kInt64 : DType::kFloat32;
}

Dims kept_shape(const GradContext& c) {
  const auto& attrs = c.attrs_as<ReduceAttrs>();
  Dims shape = c.input_type(0).shape;
  for (int i = 0; i < shape.size(); ++i)
    if (!attrs.axis) shape[i] = 1;
  if (attrs.axis)
    for (int64_t a : *attrs.axis) shape[static_cast<int>(a < 0 ? a + shape.size() : a)] = 1;
  return shape;
}

}  // namespace

void infer_reduction(InferContext& c, const ReduceAttrs& attrs, ReduceResult result) {
  if (result == ReduceResult::kIndex && attrs.axis && attrs.axis->size() != 1)
    c.fail(ErrorKind::kValue, "axis", "expected one axis or None, got ", attrs.axis->size(), " axes");
  std::vector<bool> reduced = reduced_axes(c, attrs);
  const bool needs_elements = result == ReduceResult::kSame || result == ReduceResult::kIndex;
  Dims shape;
  for (int i = 0; i < c.input(0).rank(); ++i) {
    Dim size = c.input(0).shape[i];
    if (reduced[i] && needs_elements && size == Dim(0))
      c.fail(ErrorKind::kValue, c.input_name(0), "expected at least one element along axis ", i,
             ", got shape ", c.input(0).shape);
    if (!reduced[i]) shape.push_back(size);
    if (reduced[i] && attrs.keepdims) shape.push_back(1);
  }
  c.output(result_dtype(c.input(0).dtype, result), shape, c.input(0).device);
}

OpDef reduction_op(std::string name, std::string doc, ReduceResult result) {
  OpDef op;
  op.name = std::move(name);
  op.doc = std::move(doc);
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<ReduceAttrs>();
  op.infer = [result](InferContext& c) { infer_reduction(c, c.attrs<ReduceAttrs>(), result); };
  op.reduction = true;
  return op;
}

Var spread(const GradContext& c, const Var& reduced) {
  return broadcast_to(reshape(reduced, kept_shape(c)), c.input_type(0).shape);
}

Var divide_by_count(const GradContext& c, const Var& value) {
  Dims kept = kept_shape(c), full = c.input_type(0).shape;
  Dim count = 1;
  for (int i = 0; i < full.size(); ++i)
    if (!(kept[i] == full[i])) count = count * full[i];
  if (count.is_static()) return value / static_cast<double>(count.value());
  return value / cast(dim_value(count, value.type().device), value.dtype());
}

}  // namespace miai
