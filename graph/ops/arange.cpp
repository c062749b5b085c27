#include <cmath>

#include "graph/ops/tables.h"
#include "kernels/common/attrs/create.h"

namespace miai::ops {
namespace {

void infer_arange(InferContext& c) {
  const ArangeAttrs& a = c.attrs<ArangeAttrs>();
  for (auto [name, value] : {std::pair{"start", a.start}, {"stop", a.stop}, {"step", a.step}})
    if (!std::isfinite(value)) c.fail(ErrorKind::kValue, name, "expected a finite number, got ", value);
  if (a.step == 0) c.fail(ErrorKind::kValue, "step", "expected a number other than 0, got 0");
  if (a.dtype == DType::kBool) c.fail(ErrorKind::kType, "dtype", "expected a numeric dtype, got bool");
  double count = arange_count(a);
  if (count > 0x1p40) c.fail(ErrorKind::kValue, "stop", "expected at most 2**40 values, got ", count);
  c.output(a.dtype, {static_cast<int64_t>(count)}, a.device);
}

}  // namespace

void define_arange(OpTable& table) {
  OpDef op;
  op.name = "arange";
  op.doc = R"(Values from `start` in steps of `step` to before `stop`.

Raises ValueError for a step of 0.

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
