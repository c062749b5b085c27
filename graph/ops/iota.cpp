#include "graph/ops/index_checks.h"
#include "graph/ops/random_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/create.h"

namespace miai {

Var iota(const Dims& shape, Device device) {
  return emit1(find_op("iota"), make_attrs(IotaAttrs{shape, DType::kInt64, device}), {});
}

namespace ops {

void define_iota(OpTable& table) {
  OpDef op;
  op.name = "iota";
  op.doc = "The numbers 0, 1, 2, ... in row-major order, in any shape.";
  op.attrs = &attrs_type<IotaAttrs>();
  op.infer = [](InferContext& c) {
    const IotaAttrs& a = c.attrs<IotaAttrs>();
    check_sizes(c, a.shape);
    if (a.dtype == DType::kBool) c.fail(ErrorKind::kType, "dtype", "expected a numeric dtype, got bool");
    c.output(a.dtype, a.shape, a.device);
  };
  op.is_public = false;
  table.add(std::move(op));
}

void define_iota_samples(SampleTable& samples) {
  auto shape = [](Ints sizes) { return AttrList{{"shape", sizes}}; };
  SampleList& list = samples.of("iota");
  list.check_grad = false;  // no inputs
  for (const Ints& sizes : {Ints{}, Ints{0}, Ints{1}, Ints{5}, Ints{2, 3}, Ints{3, 0}, Ints{2, 3, 4}})
    list.valid({}, shape(sizes));
  for (DType dtype : {DType::kInt32, DType::kFloat32, DType::kFloat64, DType::kFloat16})
    list.valid({}, {{"shape", Ints{3, 5}}, {"dtype", dtype}});
  list.invalid({}, shape({-1}), ErrorKind::kValue, "iota: argument 'shape': expected sizes of at least 0")
      .invalid({}, shape({int64_t{1} << 40, int64_t{1} << 40}), ErrorKind::kOverflow, "sizes too large")
      .invalid({}, {{"shape", Ints{2}}, {"dtype", DType::kBool}}, ErrorKind::kType,
               "expected a numeric dtype")
      .invalid({}, {{"shape", Ints{2}}, {"dtype", int64_t{1}}}, ErrorKind::kType, "dtype")
      .invalid({f32({1})}, shape({1}), ErrorKind::kType, "expected at most 0 tensors, got 1");
}

}  // namespace ops
}  // namespace miai
