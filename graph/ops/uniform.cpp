#include <cmath>

#include "graph/ops/random_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/random.h"

namespace miai::ops {
namespace {

void infer_uniform(InferContext& c) {
  const UniformAttrs& a = c.attrs<UniformAttrs>();
  check_random_state(c, 0);
  check_sizes(c, a.shape);
  if (!is_float(a.dtype)) c.fail(ErrorKind::kType, "dtype", "expected a floating dtype, got ", a.dtype);
  if (!std::isfinite(a.low)) c.fail(ErrorKind::kValue, "low", "expected a finite number, got ", a.low);
  if (!std::isfinite(a.high) || a.high < a.low)
    c.fail(ErrorKind::kValue, "high", "expected a finite number of at least low = ", a.low, ", got ", a.high);
  c.output(a.dtype, a.shape, c.input(0).device);
}

}  // namespace

void define_uniform(OpTable& table) {
  OpDef op;
  op.name = "uniform";
  op.doc = R"(Random numbers, evenly distributed over [low, high).

`shape`: sizes of the output. `state`: a generator's state, int64[2]; the default one if not given. Element i
is a function of seed, ticket and i (Philox4x32-10), the same on any number of threads. Raises ValueError if
high < low.

>>> import miai.functional as F
>>> F.uniform(0, 1, (2, 3)).shape
(2, 3)
)";
  op.inputs = {{"state"}};
  op.attrs = &attrs_type<UniformAttrs>();
  op.infer = infer_uniform;
  op.random = true;
  table.add(std::move(op));
}

void define_uniform_samples(SampleTable& samples) {
  auto attrs = [](double low, double high, Ints shape, DType dtype) {
    return AttrList{{"low", low}, {"high", high}, {"shape", shape}, {"dtype", dtype}};
  };
  SampleTensor state = i64({2}, 0, 1000);
  SampleList& list = samples.of("uniform");
  list.check_grad = false;  // no floating inputs
  list.valid({state}, attrs(0, 1, {2, 3}, DType::kFloat32))
      .valid({state}, attrs(-2, 5, {7}, DType::kFloat32))
      .valid({state}, attrs(0, 1, {}, DType::kFloat32))
      .valid({state}, attrs(0, 1, {0, 3}, DType::kFloat32))
      .valid({state}, attrs(3, 3, {5}, DType::kFloat32))
      .valid({state}, attrs(0, 1, {101, 103}, DType::kFloat32))
      .valid({state.of({-5, 1e15})}, attrs(0, 1, {9}, DType::kFloat32))
      .valid({state.sliced()}, attrs(0, 1, {5}, DType::kFloat32))
      .valid({state}, attrs(0, 1, {5, 3}, DType::kFloat64))
      .valid({state}, attrs(0, 1, {33}, DType::kFloat16))
      .valid({state}, attrs(0, 1, {33}, DType::kBFloat16))
      .valid({state}, {{"shape", Ints{4}}, {"ticket", int64_t{3}}})
      .invalid({state}, attrs(1, 0, {2}, DType::kFloat32), ErrorKind::kValue,
               "uniform: argument 'high': expected a finite")
      .invalid({state}, attrs(NAN, 0, {2}, DType::kFloat32), ErrorKind::kValue,
               "argument 'low': expected a finite")
      .invalid({state}, attrs(0, 1, {2}, DType::kInt64), ErrorKind::kType,
               "argument 'dtype': expected a floating dtype")
      .invalid({state}, attrs(0, 1, {-2}, DType::kFloat32), ErrorKind::kValue, "expected sizes of at least 0")
      .invalid({i64({3})}, attrs(0, 1, {2}, DType::kFloat32), ErrorKind::kValue,
               "argument 'state': expected size 2")
      .invalid({f32({2})}, attrs(0, 1, {2}, DType::kFloat32), ErrorKind::kType,
               "argument 'state': expected dtype int64");
}

}  // namespace miai::ops
