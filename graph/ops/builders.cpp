#include "graph/ops/builders.h"

#include <cstring>

#include "kernels/common/attrs/cast.h"
#include "kernels/common/attrs/dim_value.h"
#include "kernels/common/attrs/full.h"
#include "kernels/common/attrs/matmul.h"
#include "kernels/common/attrs/reduce.h"
#include "kernels/common/attrs/shape.h"

namespace miai {
namespace {

/// An operator looked up once, then called: `static const Named op("exp"); return op(x);`
class Named {
 public:
  explicit Named(std::string_view name) : op_(find_op(name)) {}
  Var operator()(const Var& a) const { return emit1(op_, Attrs(), {a}); }
  Var operator()(const Var& a, const Var& b) const { return emit1(op_, Attrs(), {a, b}); }
  Var operator()(const Var& a, const Var& b, const Var& c) const { return emit1(op_, Attrs(), {a, b, c}); }
  Var with(const Attrs& attrs, std::initializer_list<Var> inputs) const { return emit1(op_, attrs, inputs); }

 private:
  const OpDef& op_;
};

}  // namespace

Var operator+(const Var& a, const Var& b) {
  static const Named op("add");
  return op(a, b);
}
Var operator-(const Var& a, const Var& b) {
  static const Named op("sub");
  return op(a, b);
}
Var operator*(const Var& a, const Var& b) {
  static const Named op("mul");
  return op(a, b);
}
Var operator/(const Var& a, const Var& b) {
  static const Named op("div");
  return op(a, b);
}
Var operator+(const Var& a, double b) { return a + scalar_like(a, b); }
Var operator-(const Var& a, double b) { return a - scalar_like(a, b); }
Var operator*(const Var& a, double b) { return a * scalar_like(a, b); }
Var operator/(const Var& a, double b) { return a / scalar_like(a, b); }
Var operator+(double a, const Var& b) { return scalar_like(b, a) + b; }
Var operator-(double a, const Var& b) { return scalar_like(b, a) - b; }
Var operator*(double a, const Var& b) { return scalar_like(b, a) * b; }
Var operator/(double a, const Var& b) { return scalar_like(b, a) / b; }
Var operator-(const Var& a) {
  static const Named op("neg");
  return op(a);
}
Var pow(const Var& a, const Var& b) {
  static const Named op("pow");
  return op(a, b);
}
Var exp(const Var& a) {
  static const Named op("exp");
  return op(a);
}
Var log(const Var& a) {
  static const Named op("log");
  return op(a);
}
Var sqrt(const Var& a) {
  static const Named op("sqrt");
  return op(a);
}
Var square(const Var& a) {
  static const Named op("square");
  return op(a);
}
Var tanh(const Var& a) {
  static const Named op("tanh");
  return op(a);
}
Var sin(const Var& a) {
  static const Named op("sin");
  return op(a);
}
Var cos(const Var& a) {
  static const Named op("cos");
  return op(a);
}
Var sign(const Var& a) {
  static const Named op("sign");
  return op(a);
}
Var sigmoid(const Var& a) {
  static const Named op("sigmoid");
  return op(a);
}
Var equal(const Var& a, const Var& b) {
  static const Named op("equal");
  return op(a, b);
}
Var less(const Var& a, const Var& b) {
  static const Named op("less");
  return op(a, b);
}
Var less_equal(const Var& a, const Var& b) {
  static const Named op("less_equal");
  return op(a, b);
}
Var greater(const Var& a, const Var& b) {
  static const Named op("greater");
  return op(a, b);
}
Var greater_equal(const Var& a, const Var& b) {
  static const Named op("greater_equal");
  return op(a, b);
}
Var where(const Var& mask, const Var& a, const Var& b) {
  static const Named op("where");
  return op(mask, a, b);
}

Var cast(const Var& a, DType dtype) {
  if (a.dtype() == dtype) return a;
  static const Named op("cast");
  return op.with(make_attrs(CastAttrs{dtype}), {a});
}

Var full(const Dims& shape, double value, DType dtype, Device device) {
  static const OpDef& op = find_op("full");
  return std::move(emit(op, make_attrs(FullAttrs{shape, value, dtype, device}), {})[0]);
}
Var full_like(const Var& a, double value) {
  TensorType t = a.type();
  return full(t.shape, value, t.dtype, t.device);
}
Var zeros_like(const Var& a) { return full_like(a, 0); }
Var scalar_like(const Var& like, double value) {
  TensorType t = like.type();
  return full({}, value, t.dtype, t.device);
}

Var dim_value(Dim dim, Device device) {
  static const OpDef& op = find_op("dim_value");
  return std::move(emit(op, make_attrs(DimValueAttrs{dim, device}), {})[0]);
}

Var sum(const Var& a, std::optional<Ints> axis, bool keepdims) {
  static const Named op("sum");
  return op.with(make_attrs(ReduceAttrs{std::move(axis), keepdims}), {a});
}
Var max(const Var& a, std::optional<Ints> axis, bool keepdims) {
  static const Named op("max");
  return op.with(make_attrs(ReduceAttrs{std::move(axis), keepdims}), {a});
}

Var sum_to(const Var& a, const Dims& shape) {
  Dims from = a.shape();
  if (from == shape) return a;
  const int extra = from.size() - shape.size();
  Ints axes;
  for (int i = 0; i < from.size(); ++i)
    if (i < extra || !dims_equal(from[i], shape[i - extra])) axes.push_back(i);
  return reshape(axes.empty() ? a : sum(a, axes, true), shape);
}

Var reshape(const Var& a, const Dims& shape) {
  static const Named op("reshape");
  return op.with(make_attrs(ShapeAttrs{shape}), {a});
}
Var broadcast_to(const Var& a, const Dims& shape) {
  if (a.shape() == shape) return a;
  static const Named op("broadcast_to");
  return op.with(make_attrs(ShapeAttrs{shape}), {a});
}
Var transpose(const Var& a, const Ints& pattern) {
  static const Named op("transpose");
  return op.with(make_attrs(TransposeAttrs{pattern}), {a});
}
Var expand_dims(const Var& a, int axis) {
  Dims shape = a.shape();
  shape.insert(axis < 0 ? axis + shape.size() + 1 : axis, 1);
  return reshape(a, shape);
}
Var as_rows(const Var& a) {
  Dims shape = a.shape();
  if (shape.size() == 2) return a;
  Dim rows = 1;
  for (int i = 0; i + 1 < shape.size(); ++i) rows = rows * shape[i];
  return reshape(a, {rows, shape.back()});
}
Var swap_last(const Var& a) {
  Ints pattern;
  for (int i = 0; i < a.shape().size(); ++i) pattern.push_back(i);
  std::swap(pattern.back(), pattern[pattern.size() - 2]);
  return transpose(a, pattern);
}
Var concat(const Vars& parts, int axis) {
  static const OpDef& op = find_op("concat");
  return std::move(emit(op, make_attrs(AxisAttrs{axis}), parts)[0]);
}
Var slice(const Var& a, const Dims& start, const Dims& size, const Ints& stride) {
  static const Named op("slice");
  return op.with(make_attrs(SliceAttrs{start, size, stride}), {a});
}
Var set_slice(const Var& a, const Var& value, const Dims& start, const Dims& size, const Ints& stride) {
  static const Named op("set_slice");
  return op.with(make_attrs(SliceAttrs{start, size, stride}), {a, value});
}
Var narrow(const Var& a, int axis, Dim begin, Dim size) {
  Dims shape = a.shape(), start(shape.size(), Dim(0));
  start[axis] = begin;
  shape[axis] = size;
  return slice(a, start, shape, Ints(shape.size(), 1));
}
Var matmul(const Var& a, const Var& b, bool transpose_a, bool transpose_b) {
  static const Named op("matmul");
  return op.with(make_attrs(MatmulAttrs{transpose_a, transpose_b}), {a, b});
}

}  // namespace miai
