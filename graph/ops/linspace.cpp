#include <cmath>

#include "graph/ops/tables.h"
#include "kernels/common/attrs/create.h"

namespace miai::ops {
namespace {

void infer_linspace(InferContext& c) {
  const LinspaceAttrs& a = c.attrs<LinspaceAttrs>();
  for (auto [name, value] : {std::pair{"start", a.start}, {"stop", a.stop}})
    if (!std::isfinite(value)) c.fail(ErrorKind::kValue, name, "expected a finite number, got ", value);
  if (a.num.is_static() && a.num.value() < 0)
    c.fail(ErrorKind::kValue, "num", "expected at least 0, got ", a.num);
  if (a.dtype == DType::kBool) c.fail(ErrorKind::kType, "dtype", "expected a numeric dtype, got bool");
  c.output(a.dtype, {a.num}, a.device);
}

}  // namespace

void define_linspace(OpTable& table) {
  OpDef op;
  op.name = "linspace";
  op.doc = R"(`num` values from `start` to `stop`, both included, at equal distances.

>>> import miai.functional as F
>>> F.linspace(0, 1, 3).tolist()
[0.0, 0.5, 1.0]
)";
  op.attrs = &attrs_type<LinspaceAttrs>();
  op.infer = infer_linspace;
  table.add(std::move(op));
}

void define_linspace_samples(SampleTable& samples) {
  auto attrs = [](double start, double stop, int64_t num, DType dtype) {
    return AttrList{{"start", start}, {"stop", stop}, {"num", num}, {"dtype", dtype}};
  };
  SampleList& list = samples.of("linspace");
  list.check_grad = false;  // no inputs
  list.valid({}, attrs(0, 1, 5, DType::kFloat32))
      .valid({}, attrs(1, -1, 7, DType::kFloat32))
      .valid({}, attrs(0, 1, 1, DType::kFloat32))
      .valid({}, attrs(0, 1, 0, DType::kFloat32))
      .valid({}, attrs(0, 1, 2, DType::kFloat32))
      .valid({}, attrs(3, 3, 4, DType::kFloat32))
      .valid({}, attrs(0, 1, 6, DType::kFloat64))
      .valid({}, attrs(0, 1, 6, DType::kFloat16))
      .valid({}, attrs(0, 1, 6, DType::kBFloat16))
      .valid({}, attrs(0, 10, 11, DType::kInt64))
      .invalid({}, attrs(0, 1, -1, DType::kFloat32), ErrorKind::kValue,
               "linspace: argument 'num': expected at least 0")
      .invalid({}, attrs(INFINITY, 1, 2, DType::kFloat32), ErrorKind::kValue,
               "argument 'start': expected a finite")
      .invalid({}, attrs(0, NAN, 2, DType::kFloat32), ErrorKind::kValue, "argument 'stop': expected a finite")
      .invalid({}, attrs(0, 1, 2, DType::kBool), ErrorKind::kType,
               "argument 'dtype': expected a numeric dtype")
      .invalid({f32({1})}, attrs(0, 1, 2, DType::kFloat32), ErrorKind::kType,
               "expected at most 0 tensors, got 1");
}

}  // namespace miai::ops
