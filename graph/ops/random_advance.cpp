#include "graph/ops/random_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/random.h"

namespace miai {

void check_random_state(const InferContext& c, int i) {
  const TensorType& state = c.input(i);
  if (state.dtype != DType::kInt64)
    c.fail(ErrorKind::kType, c.input_name(i), "expected dtype int64, got ", state.dtype);
  c.check_rank(i, 1);
  c.check_dim(i, 0, 2, "seed and next ticket");
}

void check_sizes(const InferContext& c, const Dims& shape) {
  for (Dim d : shape)
    if (d.is_static() && d.value() < 0)
      c.fail(ErrorKind::kValue, "shape", "expected sizes of at least 0, got ", shape);
  element_count(shape);  // raises if it does not fit
}

namespace ops {

void define_random_advance(OpTable& table) {
  OpDef op;
  op.name = "random_advance";
  op.doc = "The state of a generator (int64[2]: seed, next ticket) after `count` random operators.";
  op.inputs = {{"state"}};
  op.attrs = &attrs_type<RandomAdvanceAttrs>();
  op.infer = [](InferContext& c) {
    check_random_state(c, 0);
    c.output_like(0, c.input(0).shape);
  };
  op.may_overwrite = {0};
  op.is_public = false;
  table.add(std::move(op));
}

void define_random_advance_samples(SampleTable& samples) {
  auto count = [](int64_t n) { return AttrList{{"count", n}}; };
  SampleTensor state = i64({2}, 0, 100);
  SampleList& list = samples.of("random_advance");
  list.check_grad = false;  // integers
  for (int64_t n : {0, 1, 2, 3, 10, 1000, 1 << 20}) list.valid({state}, count(n));
  list.valid({state})
      .valid({state.sliced()}, count(5))
      .valid({state.of({1, -1})}, count(1))
      .invalid({i32({2})}, {}, ErrorKind::kType,
               "random_advance: argument 'state': expected dtype int64, got int32")
      .invalid({i64({3})}, {}, ErrorKind::kValue, "expected size 2 in dimension 0")
      .invalid({i64({1, 2})}, {}, ErrorKind::kValue, "expected rank 1")
      .invalid({f32({2})}, {}, ErrorKind::kType, "expected dtype int64")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "argument 'state': missing");
}

}  // namespace ops
}  // namespace miai
