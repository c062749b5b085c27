#include "graph/ops/tables.h"
#include "kernels/common/attrs/index.h"

namespace miai::ops {
namespace {

void infer_one_hot(InferContext& c) {
  c.check_int(0);
  Dim classes = c.attrs<OneHotAttrs>().num_classes;
  if (classes.is_static() && classes.value() < 1)
    c.fail(ErrorKind::kValue, "num_classes", "expected at least 1, got ", classes);
  Dims shape = c.input(0).shape;
  shape.push_back(classes);
  c.output_like(0, shape);
}

}  // namespace

void define_one_hot(OpTable& table) {
  OpDef op;
  op.name = "one_hot";
  op.doc = R"(A new last axis that is 1 at the index that `inp` holds and 0 elsewhere, in the dtype of `inp`.

`inp`: integers in [0, num_classes). Raises IndexError for others.

>>> import miai.functional as F, miai as mi
>>> F.one_hot(mi.tensor([1, 0]), 3).tolist()
[[0, 1, 0], [1, 0, 0]]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<OneHotAttrs>();
  op.infer = infer_one_hot;
  op.checks_values = true;
  table.add(std::move(op));
}

void define_one_hot_samples(SampleTable& samples) {
  auto classes = [](int64_t n) { return AttrList{{"num_classes", n}}; };
  SampleList& list = samples.of("one_hot");
  list.check_grad = false;  // integers
  list.valid({i64({3}, 0, 5)}, classes(5))
      .valid({i64({2, 3}, 0, 5)}, classes(5))
      .valid({i64({}, 0, 5)}, classes(5))
      .valid({i64({0}, 0, 5)}, classes(5))
      .valid({i64({3}, 0, 1)}, classes(1))
      .valid({i64({3}, 0, 3)}, classes(7))
      .valid({i32({3, 2}, 0, 5).transposed()}, classes(5))
      .valid({i32({3, 2}, 0, 5).sliced()}, classes(5))
      .valid({i64({3, 2}, 0, 5).broadcast()}, classes(5))
      .valid({typed(DType::kUInt8, {3}).range(0, 5)}, classes(5))
      .invalid({i64({1}).of({5})}, classes(5), ErrorKind::kIndex,
               "one_hot: argument 'inp': expected indices in [0, 5)")
      .invalid({i64({1}).of({-1})}, classes(5), ErrorKind::kIndex, "got -1")
      .invalid({f32({3})}, classes(5), ErrorKind::kType, "argument 'inp': expected an integer dtype")
      .invalid({i64({3})}, classes(0), ErrorKind::kValue,
               "argument 'num_classes': expected at least 1, got 0")
      .invalid({i64({1, 1, 1, 1, 1, 1, 1, 1})}, classes(5), ErrorKind::kValue, "at most 8 dimensions");
}

}  // namespace miai::ops
