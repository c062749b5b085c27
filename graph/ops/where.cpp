#include "graph/ops/builders.h"
#include "graph/ops/pointwise.h"

namespace miai::ops {

void define_where(OpTable& table) {
  OpDef op;
  op.name = "where";
  op.doc =
      R"(x where mask is True, else y; all three broadcast. mask: bool. The result has the promotion of x and y.

>>> import miai as mi, miai.functional as F
>>> F.where(mi.tensor([True, False]), mi.tensor([1.0, 2.0]), mi.tensor([3.0, 4.0])).tolist()
[1.0, 4.0]
)";
  op.inputs = {{"mask"}, {"x"}, {"y"}};
  op.infer = [](InferContext& c) {
    if (c.input(0).dtype != DType::kBool)
      c.fail(ErrorKind::kType, "mask", "expected dtype bool, got ", c.input(0).dtype,
             "; compare first, as in x > 0");
    c.output(promote(c.input(1).dtype, c.input(2).dtype), broadcast_shapes(c), c.input(0).device);
  };
  op.expression = [](pointwise::Builder& b, const Attrs&) {
    return b.select(b.raw_input(0), b.input(1), b.input(2));
  };
  op.may_overwrite = {1, 2};
  table.add(std::move(op));
}

void define_where_grad(GradTable& grads) {
  GradDef grad;
  grad.rule = [](GradContext& c) -> Vars {
    Var zero = scalar_like(c.grad(), 0);
    Vars result(3);
    if (c.needs(1))
      result[1] =
          cast(sum_to(where(c.input(0), c.grad(), zero), c.input_type(1).shape), c.input_type(1).dtype);
    if (c.needs(2))
      result[2] =
          cast(sum_to(where(c.input(0), zero, c.grad()), c.input_type(2).shape), c.input_type(2).dtype);
    return result;
  };
  grad.saves_inputs = {0};
  grads.add("where", std::move(grad));
}

void define_where_samples(SampleTable& samples) {
  samples.of("where")
      .valid({b8({2, 3}), f32({2, 3}), f32({2, 3})})
      .valid({b8({}), f32({}), f32({})})
      .valid({b8({0, 3}), f32({3}), f32({1})})
      .valid({b8({4, 1}), f32({5}), f32({2, 1, 1})})
      .valid({b8({7, 5}).transposed(), f32({7, 5}), f32({})})
      .valid({b8({1303}), f32({1303}), f32({1})})
      .valid({b8({9}), f64({9}), f64({9})})
      .valid({b8({9}), f16({9}), f16({9})})
      .valid({b8({9}), bf16({9}), bf16({9})})
      .valid({b8({9}), i64({9}), i32({9})})
      .valid({b8({9}), i64({9}), f32({9})})
      .valid({b8({9}), b8({9}), b8({9})})
      .invalid({f32({2}), f32({2}), f32({2})}, {}, ErrorKind::kType,
               "where: argument 'mask': expected dtype bool, got float32")
      .invalid({b8({2}), f32({3}), f32({2})}, {}, ErrorKind::kValue,
               "where: argument 'x': expected a shape that broadcasts")
      .invalid({b8({2}), f32({2}), f32({4})}, {}, ErrorKind::kValue, "where: argument 'y'")
      .invalid({b8({2}), f32({2}), std::nullopt}, {}, ErrorKind::kType, "where: argument 'y': missing")
      .invalid({b8({2}), f32({2}), f32({2})}, {{"axis", int64_t{0}}}, ErrorKind::kType, "'axis'");
}

}  // namespace miai::ops
