#include "kernels/common/attrs/cast.h"
#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"

namespace miai::ops {

void define_cast(OpTable& table) {
  OpDef op;
  op.name = "cast";
  op.doc =
      R"(The elements converted to another dtype as NumPy's astype: floats to integers towards zero, numbers to bool by != 0.

>>> import miai as mi, miai.functional as F
>>> F.cast(mi.tensor([1.7, -1.7]), "int32").tolist()
[1, -1]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<CastAttrs>();
  op.infer = [](InferContext& c) {
    c.output(c.attrs<CastAttrs>().dtype, c.input(0).shape, c.input(0).device);
  };
  op.expression = [](pointwise::Builder& b, const Attrs&) {
    return b.cast(b.raw_input(0), b.output_dtype());
  };
  table.add(std::move(op));
}

void define_cast_grad(GradTable& grads) {
  grads.add("cast", {[](GradContext& c) -> Vars { return {cast(c.grad(), c.input_type(0).dtype)}; }, {}, {}});
}

void define_cast_samples(SampleTable& samples) {
  SampleList& list = samples.of("cast");
  for (DType from :
       {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16, DType::kInt64, DType::kUInt8})
    for (DType to : {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kBool})
      list.valid({typed(from, {3, 5}).range(0, 9)}, {{"dtype", to}});
  list.valid({f32({})}, {{"dtype", DType::kFloat16}})
      .valid({f32({0, 2})}, {{"dtype", DType::kInt8}})
      .valid({f32({7, 5}).transposed()}, {{"dtype", DType::kBFloat16}})
      .valid({f32({1303})}, {{"dtype", DType::kFloat64}})
      .valid({b8({7})}, {{"dtype", DType::kInt16}});
  list.check_second_order = false;  // linear
  list.invalid({f32({2})}, {{"dtype", std::string("float7")}}, ErrorKind::kType, "cast: argument 'dtype'")
      .invalid({f32({2})}, {{"dtype", int64_t{3}}}, ErrorKind::kType,
               "cast: argument 'dtype': expected a dtype, got 3")
      .invalid({std::nullopt}, {{"dtype", DType::kInt8}}, ErrorKind::kType, "cast: argument 'inp': missing")
      .invalid({f32({2}), f32({2})}, {}, ErrorKind::kType, "cast")
      .invalid({f32({2})}, {{"to", DType::kInt8}}, ErrorKind::kType, "'to'");
}

}  // namespace miai::ops
