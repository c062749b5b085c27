#include "graph/ops/tables.h"
#include "kernels/common/attrs/create.h"

namespace miai::ops {
namespace {

void infer_eye(InferContext& c) {
  const EyeAttrs& a = c.attrs<EyeAttrs>();
  const Dim columns = a.M.value_or(a.N);
  for (auto [name, size] : {std::pair{"N", a.N}, {"M", columns}})
    if (size.is_static() && size.value() < 0)
      c.fail(ErrorKind::kValue, name, "expected at least 0, got ", size);
  Dims shape{a.N, columns};
  element_count(shape);  // raises if it does not fit
  c.output(a.dtype, shape, a.device);
}

}  // namespace

void define_eye(OpTable& table) {
  OpDef op;
  op.name = "eye";
  op.doc = R"(A matrix of `N` rows and `M` columns (`N` if None) with ones on the diagonal, else zeros.

>>> import miai.functional as F
>>> F.eye(2).tolist()
[[1.0, 0.0], [0.0, 1.0]]
)";
  op.attrs = &attrs_type<EyeAttrs>();
  op.infer = infer_eye;
  table.add(std::move(op));
}

void define_eye_samples(SampleTable& samples) {
  auto square = [](int64_t n, DType dtype) { return AttrList{{"N", n}, {"dtype", dtype}}; };
  auto attrs = [](int64_t n, int64_t m) { return AttrList{{"N", n}, {"M", m}}; };
  SampleList& list = samples.of("eye");
  list.check_grad = false;  // no inputs
  list.valid({}, square(3, DType::kFloat32))
      .valid({}, square(0, DType::kFloat32))
      .valid({}, square(1, DType::kFloat32))
      .valid({}, attrs(2, 5))
      .valid({}, attrs(5, 2))
      .valid({}, attrs(3, 0))
      .valid({}, square(3, DType::kFloat64))
      .valid({}, square(3, DType::kFloat16))
      .valid({}, square(3, DType::kInt64))
      .valid({}, square(3, DType::kBool))
      .invalid({}, attrs(-1, 2), ErrorKind::kValue, "eye: argument 'N': expected at least 0, got -1")
      .invalid({}, attrs(2, -1), ErrorKind::kValue, "eye: argument 'M': expected at least 0, got -1")
      .invalid({}, attrs(int64_t{1} << 40, int64_t{1} << 40), ErrorKind::kOverflow, "sizes too large")
      .invalid({}, {{"N", 2.5}}, ErrorKind::kType, "N")
      .invalid({f32({1})}, attrs(2, 2), ErrorKind::kType, "expected at most 0 tensors, got 1");
}

}  // namespace miai::ops
