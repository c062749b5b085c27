#include "graph/ops/tables.h"

namespace miai::ops {

void define_copy(OpTable& table) {
  OpDef op;
  op.name = "copy";
  op.doc = R"(A dense copy of `inp` in memory of its own. Any dtype.

>>> import miai.functional as F, miai as mi
>>> F.copy(mi.tensor([1, 2])).tolist()
[1, 2]
)";
  op.inputs = {{"inp"}};
  op.infer = [](InferContext& c) { c.output_like(0, c.input(0).shape); };
  table.add(std::move(op));
}

void define_copy_grad(GradTable& grads) {
  grads.add("copy", {[](GradContext& c) -> Vars { return {c.grad()}; }});
}

void define_copy_samples(SampleTable& samples) {
  samples.of("copy")
      .valid({f32({2, 3})})
      .valid({f32({})})
      .valid({f32({0, 3})})
      .valid({f32({7})})
      .valid({f32({3, 5}).transposed()})
      .valid({f32({3, 4, 5}).sliced()})
      .valid({f32({3, 4}).broadcast()})
      .valid({f32({33, 65}).transposed()})
      .valid({f64({3, 5}).transposed()})
      .valid({f16({3, 5}).transposed()})
      .valid({bf16({3, 5})})
      .valid({i64({3, 5}).transposed()})
      .valid({i32({3, 5})})
      .valid({typed(DType::kUInt8, {9, 9}).range(0, 9).transposed()})
      .valid({b8({3, 5}).transposed()})
      .invalid({std::nullopt}, {}, ErrorKind::kType, "copy: argument 'inp': missing")
      .invalid({}, {}, ErrorKind::kType, "copy: argument 'inp': missing")
      .invalid({f32({1}), f32({1})}, {}, ErrorKind::kType, "copy: expected at most 1 tensors, got 2")
      .invalid({f32({1})}, {{"axis", int64_t{0}}}, ErrorKind::kType, "copy")
      .invalid({f32({1})}, {{"dtype", DType::kFloat32}}, ErrorKind::kType, "copy");
}

}  // namespace miai::ops
