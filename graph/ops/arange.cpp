#include <cmath>

#include "graph/ir/dim_expr.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/create.h"

namespace miai::ops {
namespace {

Dim count_of_numbers(const InferContext& c, const ArangeAttrs& a) {
  double count = std::max(0.0, std::ceil((a.stop.value() - a.start.value()) / a.step.value()));
  if (count > 0x1p40) c.fail(ErrorKind::kValue, "stop", "expected at most 2**40 values, got ", count);
  return static_cast<int64_t>(count);
}

/// Next to a symbolic size all must be integers: the count is an expression over sizes.
Dim as_size(const InferContext& c, const char* name, const Number& number) {
  if (number.is_size()) return number.size();
  if (number.value() != std::trunc(number.value()) || std::abs(number.value()) > 0x1p53)
    c.fail(ErrorKind::kValue, name, "expected an integer beside a dynamic size, got ", number.value());
  return static_cast<int64_t>(number.value());
}

Dim count_of_sizes(const InferContext& c, const ArangeAttrs& a) {
  if (a.step.is_size())
    c.fail(ErrorKind::kNotImplemented, "step", "expected a number, got the dynamic size ", a.step.size());
  Dim start = as_size(c, "start", a.start), stop = as_size(c, "stop", a.stop),
      step = as_size(c, "step", a.step);
  return dim_max(step.value() > 0 ? ceil_div(stop - start, step) : ceil_div(start - stop, Dim(0) - step), 0);
}

void infer_arange(InferContext& c) {
  const ArangeAttrs& a = c.attrs<ArangeAttrs>();
  for (const auto& [name, number] : {std::pair{"start", a.start}, {"stop", a.stop}, {"step", a.step}})
    if (!number.is_size() && !std::isfinite(number.value()))
      c.fail(ErrorKind::kValue, name, "expected a finite number, got ", number.value());
  if (a.step == Number(0)) c.fail(ErrorKind::kValue, "step", "expected a number other than 0, got 0");
  if (a.dtype == DType::kBool) c.fail(ErrorKind::kType, "dtype", "expected a numeric dtype, got bool");
  const bool symbolic = a.start.is_size() || a.stop.is_size() || a.step.is_size();
  c.output(a.dtype, {symbolic ? count_of_sizes(c, a) : count_of_numbers(c, a)}, a.device);
}

}  // namespace

void define_arange(OpTable& table) {
  OpDef op;
  op.name = "arange";
  op.doc = R"(Values from `start` in steps of `step` to before `stop`.

`start`, `stop`: in a trace also dynamic sizes, as arange(0, x.shape[0]). Raises ValueError for a step of 0.

>>> import miai.functional as F
>>> F.arange(0, 3, dtype="int64").tolist()
[0, 1, 2]
)";
  op.attrs = &attrs_type<ArangeAttrs>();
  op.infer = infer_arange;
  table.add(std::move(op));
}

void define_arange_samples(SampleTable& samples) {
  auto attrs = [](double start, double stop, double step, DType dtype) {
    return AttrList{{"start", start}, {"stop", stop}, {"step", step}, {"dtype", dtype}};
  };
  SampleList& list = samples.of("arange");
  list.check_grad = false;  // no inputs
  list.valid({}, attrs(0, 5, 1, DType::kFloat32))
      .valid({}, attrs(0, 5, 1, DType::kInt64))
      .valid({}, attrs(2, 3, 0.25, DType::kFloat32))
      .valid({}, attrs(5, 0, -2, DType::kInt32))
      .valid({}, attrs(0, 0, 1, DType::kFloat32))
      .valid({}, attrs(3, 0, 1, DType::kFloat32))
      .valid({}, attrs(0, 1, 0.3, DType::kFloat64))
      .valid({}, attrs(0, 7, 2, DType::kFloat16))
      .valid({}, attrs(0, 7, 2, DType::kBFloat16))
      .valid({}, attrs(-3, 3, 1, DType::kInt8))
      .invalid({}, attrs(0, 5, 0, DType::kFloat32), ErrorKind::kValue,
               "arange: argument 'step': expected a number other")
      .invalid({}, attrs(0, INFINITY, 1, DType::kFloat32), ErrorKind::kValue,
               "argument 'stop': expected a finite")
      .invalid({}, attrs(NAN, 1, 1, DType::kFloat32), ErrorKind::kValue,
               "argument 'start': expected a finite")
      .invalid({}, attrs(0, 1e300, 1, DType::kFloat32), ErrorKind::kValue, "expected at most 2**40 values")
      .invalid({}, attrs(0, 2, 1, DType::kBool), ErrorKind::kType,
               "argument 'dtype': expected a numeric dtype");
}

}  // namespace miai::ops
