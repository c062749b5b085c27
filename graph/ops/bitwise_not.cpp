#include "graph/ops/pointwise.h"
#include "graph/ops/pointwise_samples.h"

namespace miai::ops {

void define_bitwise_not(OpTable& table) {
  OpDef op = unary_op("bitwise_not", R"(~x of integers or bools, elementwise.

>>> import miai as mi, miai.functional as F
>>> F.bitwise_not(mi.tensor([5])).tolist()
[-6]
)",
                      PointwiseResult::kPromoted,
                      [](pointwise::Expr x) { return x.builder->apply(pointwise::Opcode::kBitNot, x); });
  op.infer = infer_bits(true);
  table.add(std::move(op));
}

void define_bitwise_not_samples(SampleTable& samples) {
  SampleList& list = samples.of("bitwise_not");
  integer_samples(list, 1, -9, 9);
  bool_samples(list, 1);
  list.valid({i64({})}).valid({i64({0, 3})}).valid({i64({7, 5}).transposed()}).valid({i64({1303})});
  list.invalid({f32({2})}, {}, ErrorKind::kType,
               "bitwise_not: argument 'x': expected an integer dtype, got float32")
      .invalid({f64({2})}, {}, ErrorKind::kType, "got float64")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "missing")
      .invalid({i64({2}), i64({2})}, {}, ErrorKind::kType, "bitwise_not")
      .invalid({i64({2})}, {{"axis", int64_t{0}}}, ErrorKind::kType, "'axis'");
}

}  // namespace miai::ops
