#include <cmath>

#include "graph/ops/random_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/random.h"

namespace miai::ops {
namespace {

void infer_normal(InferContext& c) {
  const NormalAttrs& a = c.attrs<NormalAttrs>();
  check_random_state(c, 0);
  check_sizes(c, a.shape);
  if (!is_float(a.dtype)) c.fail(ErrorKind::kType, "dtype", "expected a floating dtype, got ", a.dtype);
  if (!std::isfinite(a.mean)) c.fail(ErrorKind::kValue, "mean", "expected a finite number, got ", a.mean);
  if (!std::isfinite(a.std) || a.std < 0)
    c.fail(ErrorKind::kValue, "std", "expected a finite number of at least 0, got ", a.std);
  c.output(a.dtype, a.shape, c.input(0).device);
}

}  // namespace

void define_normal(OpTable& table) {
  OpDef op;
  op.name = "normal";
  op.doc = R"(Random numbers of the normal distribution.

`shape`: sizes of the output. `state`: a generator's state, int64[2]; the default one if not given. Element i
is a function of seed, ticket and i (Philox4x32-10, Box-Muller), the same on any number of threads. Raises
ValueError if std < 0.

>>> import miai.functional as F
>>> F.normal(0, 1, (2, 3)).shape
(2, 3)
)";
  op.inputs = {{"state"}};
  op.attrs = &attrs_type<NormalAttrs>();
  op.infer = infer_normal;
  op.random = true;
  table.add(std::move(op));
}

void define_normal_samples(SampleTable& samples) {
  auto attrs = [](double mean, double std, Ints shape, DType dtype) {
    return AttrList{{"mean", mean}, {"std", std}, {"shape", shape}, {"dtype", dtype}};
  };
  SampleTensor state = i64({2}, 0, 1000);
  SampleList& list = samples.of("normal");
  list.check_grad = false;  // no floating inputs
  list.valid({state}, attrs(0, 1, {2, 3}, DType::kFloat32))
      .valid({state}, attrs(-2, 5, {7}, DType::kFloat32))
      .valid({state}, attrs(0, 1, {}, DType::kFloat32))
      .valid({state}, attrs(0, 1, {0, 3}, DType::kFloat32))
      .valid({state}, attrs(3, 0, {5}, DType::kFloat32))
      .valid({state}, attrs(0, 1, {101, 103}, DType::kFloat32))
      .valid({state.of({-5, 1e15})}, attrs(0, 1, {9}, DType::kFloat32))
      .valid({state.sliced()}, attrs(0, 1, {5}, DType::kFloat32))
      .valid({state}, attrs(0, 1, {5, 3}, DType::kFloat64))
      .valid({state}, attrs(0, 1, {33}, DType::kFloat16))
      .valid({state}, attrs(0, 1, {33}, DType::kBFloat16))
      .valid({state}, {{"shape", Ints{4}}, {"ticket", int64_t{3}}})
      .invalid({state}, attrs(1, -1, {2}, DType::kFloat32), ErrorKind::kValue,
               "normal: argument 'std': expected a finite")
      .invalid({state}, attrs(NAN, 1, {2}, DType::kFloat32), ErrorKind::kValue,
               "argument 'mean': expected a finite")
      .invalid({state}, attrs(0, 1, {2}, DType::kInt32), ErrorKind::kType,
               "argument 'dtype': expected a floating dtype")
      .invalid({state}, attrs(0, 1, {-2}, DType::kFloat32), ErrorKind::kValue, "expected sizes of at least 0")
      .invalid({i64({1, 2})}, attrs(0, 1, {2}, DType::kFloat32), ErrorKind::kValue,
               "argument 'state': expected rank 1");
}

}  // namespace miai::ops
