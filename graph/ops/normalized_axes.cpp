#include "graph/ops/normalized_axes.h"

#include "kernels/common/attrs/batch_norm.h"
#include "kernels/common/attrs/reduce.h"

namespace miai::ops {

Dims check_normalized(const InferContext& c, const Dims& normalized) {
  c.check_float(0);
  Dims shape = c.input(0).shape;
  int count = normalized.size();
  if (count == 0) c.fail(ErrorKind::kValue, "normalized_shape", "expected at least one size, got []");
  bool fits = count <= shape.size();
  for (int i = 0; fits && i < count; ++i) {
    Dim& size = shape[shape.size() - count + i];
    bool positive = !normalized[i].is_static() || normalized[i].value() > 0;
    fits = positive && dims_equal(size, normalized[i]);
    size = 1;
  }
  if (!fits)
    c.fail(ErrorKind::kValue, "normalized_shape", "expected the last sizes of '", c.input_name(0),
           "' (shape ", c.input(0).shape, "), got ", normalized);
  return shape;
}

void check_parameter(const InferContext& c, int i, const Dims& normalized) {
  DType dtype = statistics_dtype(c.input(0).dtype);
  if (c.input(i).dtype != dtype)
    c.fail(ErrorKind::kType, c.input_name(i), "expected dtype ", dtype, " for an input of dtype ",
           c.input(0).dtype, ", got ", c.input(i).dtype);
  c.check_rank(i, normalized.size());
  for (int d = 0; d < normalized.size(); ++d) c.check_dim(i, d, normalized[d], "that of normalized_shape");
}

void check_eps(const InferContext& c, double eps) {
  if (!(eps >= 0)) c.fail(ErrorKind::kValue, "eps", "expected a number of at least 0, got ", eps);
}

Ints last_axes(int count) {
  Ints axes;
  for (int i = count; i > 0; --i) axes.push_back(-i);
  return axes;
}

Var mean_over(const Var& x, const Ints& axes) {
  static const OpDef& op = find_op("mean");
  return emit1(op, make_attrs(ReduceAttrs{axes, true}), {x});
}

Var divide(const Var& x, Dim size) {
  if (size.is_static()) return x / static_cast<double>(size.value());
  return x / cast(dim_value(size, x.type().device), x.dtype());
}

}  // namespace miai::ops
