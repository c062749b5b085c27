#include "graph/ops/random_checks.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/random.h"

namespace miai::ops {
namespace {

void infer_permutation(InferContext& c) {
  const PermutationAttrs& a = c.attrs<PermutationAttrs>();
  check_random_state(c, 0);
  if (a.dtype != DType::kInt32 && a.dtype != DType::kInt64)
    c.fail(ErrorKind::kType, "dtype", "expected int32 or int64, got ", a.dtype);
  int64_t most = a.dtype == DType::kInt32 ? INT32_MAX : int64_t{1} << 40;
  if (a.n.is_static() && (a.n.value() < 0 || a.n.value() > most))
    c.fail(ErrorKind::kValue, "n", "expected a number in [0, ", most, "], got ", a.n);
  c.output(a.dtype, {a.n}, c.input(0).device);
}

}  // namespace

void define_permutation(OpTable& table) {
  OpDef op;
  op.name = "permutation";
  op.doc = R"(The numbers 0 to n - 1 in random order, every order equally likely.

`state`: a generator's state, int64[2]; the default one if not given.

>>> import miai.functional as F
>>> sorted(F.permutation(3).tolist())
[0, 1, 2]
)";
  op.inputs = {{"state"}};
  op.attrs = &attrs_type<PermutationAttrs>();
  op.infer = infer_permutation;
  op.random = true;
  table.add(std::move(op));
}

void define_permutation_samples(SampleTable& samples) {
  auto n = [](int64_t count, DType dtype = DType::kInt64) {
    return AttrList{{"n", count}, {"dtype", dtype}};
  };
  SampleTensor state = i64({2}, 0, 1000);
  SampleList& list = samples.of("permutation");
  list.check_grad = false;  // integers
  for (int64_t count : {0, 1, 2, 3, 17, 1000}) list.valid({state}, n(count));
  list.valid({state}, n(5, DType::kInt32))
      .valid({state.sliced()}, n(5))
      .valid({state.of({-1, -1})}, n(9))
      .valid({state}, {{"n", int64_t{6}}, {"ticket", int64_t{2}}})
      .invalid({state}, n(-1), ErrorKind::kValue, "permutation: argument 'n': expected a number in")
      .invalid({state}, n(int64_t{1} << 50), ErrorKind::kValue, "argument 'n': expected a number in")
      .invalid({state}, n(3, DType::kFloat32), ErrorKind::kType, "argument 'dtype': expected int32 or int64")
      .invalid({i32({2})}, n(3), ErrorKind::kType, "argument 'state': expected dtype int64")
      .invalid({i64({3})}, n(3), ErrorKind::kValue, "argument 'state': expected size 2");
}

}  // namespace miai::ops
