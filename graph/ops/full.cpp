#include "kernels/common/attrs/full.h"

#include <cmath>

#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

bool fits(double value, DType integer) {
  const bool is_signed = integer != DType::kUInt8;
  const double limit = std::ldexp(1.0, static_cast<int>(dtype_size(integer)) * 8 - (is_signed ? 1 : 0));
  const double whole = std::trunc(value);
  return whole < limit && whole >= (is_signed ? -limit : 0);
}

}  // namespace

void define_full(OpTable& table) {
  OpDef op;
  op.name = "full";
  op.doc = R"(A tensor whose every element is `value`, rounded to `dtype`.

`shape`: its sizes. Raises ValueError for a negative size, OverflowError for a value that the integer dtype
does not hold.

>>> import miai.functional as F
>>> F.full((2,), 3.5).tolist()
[3.5, 3.5]
)";
  op.attrs = &attrs_type<FullAttrs>();
  op.infer = [](InferContext& c) {
    const FullAttrs& a = c.attrs<FullAttrs>();
    for (Dim d : a.shape)
      if (d.is_static() && d.value() < 0)
        c.fail(ErrorKind::kValue, "shape", "expected sizes of at least 0, got ", a.shape);
    element_count(a.shape);  // raises if it does not fit
    if (is_int(a.dtype) && !fits(a.value, a.dtype))
      c.fail(ErrorKind::kOverflow, "value", "expected a number that ", a.dtype, " holds, got ", a.value);
    c.output(a.dtype, a.shape, a.device);
  };
  table.add(std::move(op));
}

void define_full_samples(SampleTable& samples) {
  auto attrs = [](Ints shape, double value, DType dtype) {
    return AttrList{{"shape", shape}, {"value", value}, {"dtype", dtype}};
  };
  SampleList& list = samples.of("full");
  list.check_grad = false;  // no inputs
  list.valid({}, attrs({2, 3}, 1.5, DType::kFloat32))
      .valid({}, attrs({}, -2, DType::kFloat32))
      .valid({}, attrs({0, 3}, 1, DType::kFloat32))
      .valid({}, attrs({1}, 1e30, DType::kFloat64))
      .valid({}, attrs({7}, 0.1, DType::kFloat16))
      .valid({}, attrs({7}, 0.1, DType::kBFloat16))
      .valid({}, attrs({7}, -3, DType::kInt8))
      .valid({}, attrs({7}, 3, DType::kUInt8))
      .valid({}, attrs({7}, 3, DType::kInt16))
      .valid({}, attrs({7}, 3, DType::kInt32))
      .valid({}, attrs({3, 5}, 3, DType::kInt64))
      .valid({}, attrs({3, 5}, 1, DType::kBool))
      .invalid({}, attrs({-1}, 1, DType::kFloat32), ErrorKind::kValue,
               "full: argument 'shape': expected sizes of at least 0")
      .invalid({}, attrs({int64_t{1} << 40, int64_t{1} << 40}, 1, DType::kFloat32), ErrorKind::kOverflow,
               "sizes too large")
      .invalid({}, attrs({1}, 300, DType::kInt8), ErrorKind::kOverflow,
               "full: argument 'value': expected a number that int8 holds, got 300")
      .invalid({}, attrs({1}, -1, DType::kUInt8), ErrorKind::kOverflow, "uint8 holds, got -1")
      .invalid({}, attrs({1}, NAN, DType::kInt32), ErrorKind::kOverflow, "int32 holds, got nan")
      .invalid({f32({1})}, attrs({1}, 1, DType::kFloat32), ErrorKind::kType,
               "full: expected at most 0 tensors, got 1")
      .invalid({}, {{"shape", std::string("x")}}, ErrorKind::kType, "shape")
      .invalid({}, {{"shape", Ints{1}}, {"dtype", std::string("float31")}}, ErrorKind::kType, "dtype")
      .invalid({}, {{"shape", Ints{1, 1, 1, 1, 1, 1, 1, 1, 1}}}, ErrorKind::kValue, "at most 8 dimensions");
}

}  // namespace miai::ops
