#include "kernels/common/attrs/dim_value.h"

#include "graph/ops/tables.h"

namespace miai::ops {

void define_dim_value(OpTable& table) {
  OpDef op;
  op.name = "dim_value";
  op.doc =
      R"(A size as an int64 tensor of rank 0: how a dynamic dimension takes part in arithmetic with tensors.

>>> import miai as mi
>>> mi._core.op("dim_value")(3).tolist()
3
)";
  op.attrs = &attrs_type<DimValueAttrs>();
  op.infer = [](InferContext& c) { c.output(DType::kInt64, {}, c.attrs<DimValueAttrs>().device); };
  op.is_public = false;
  table.add(std::move(op));
}

void define_dim_value_samples(SampleTable& samples) {
  SampleList& list = samples.of("dim_value");
  list.check_grad = false;  // an integer
  for (int64_t size : {0, 1, 2, 3, 5, 17, 64, 1000, 65536, 1 << 30}) list.valid({}, {{"dim", size}});
  list.invalid({}, {{"dim", 1.5}}, ErrorKind::kType, "dim_value: argument 'dim': expected a dim, got 1.5")
      .invalid({}, {{"dim", std::string("n")}}, ErrorKind::kType, "'dim'")
      .invalid({}, {{"dim", Ints{1, 2}}}, ErrorKind::kType, "'dim'")
      .invalid({}, {{"size", int64_t{1}}}, ErrorKind::kType, "'size'")
      .invalid({f32({2})}, {}, ErrorKind::kType, "dim_value");
}

}  // namespace miai::ops
