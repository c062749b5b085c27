#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/sort.h"

namespace miai::ops {
namespace {

void infer_topk(InferContext& c) {
  c.check_min_rank(0, 1);
  Dims shape = c.input(0).shape;
  Dim k = c.attrs<TopKAttrs>().k, size = shape.back();
  const bool known = k.is_static() && size.is_static();
  if ((k.is_static() && k.value() < 0) || (known && k.value() > size.value()))
    c.fail(ErrorKind::kValue, "k", "expected a number in [0, ", shape.back(), "] (the last axis), got ", k);
  shape.back() = k;
  c.output_like(0, shape);
  c.output(DType::kInt32, shape, c.input(0).device);
}

Vars lower_topk(std::span<const Var> inputs, const Attrs& attrs) {
  const TopKAttrs& a = attrs.as<TopKAttrs>();
  Vars sorted = emit(find_op("sort"), make_attrs(SortAttrs{a.descending, -1}), inputs);
  int last = inputs[0].type().rank() - 1;
  return {narrow(sorted[0], last, 0, a.k), narrow(sorted[1], last, 0, a.k)};
}

}  // namespace

void define_topk(OpTable& table) {
  OpDef op;
  op.name = "topk";
  op.doc = R"(The `k` largest values of `inp` along its last axis, sorted, and where they stood (int32).

`descending`: False for the smallest. NaN counts as the greatest. Any dtype. Raises ValueError if the axis has
fewer than `k` values.

>>> import miai.functional as F, miai as mi
>>> values, indices = F.topk(mi.tensor([3, 1, 2]), 2)
>>> values.tolist(), indices.tolist()
([3, 2], [0, 2])
)";
  op.inputs = {{"inp"}};
  op.outputs = {{"values"}, {"indices"}};
  op.attrs = &attrs_type<TopKAttrs>();
  op.infer = infer_topk;
  op.lower = lower_topk;
  table.add(std::move(op));
}

void define_topk_samples(SampleTable& samples) {
  auto attrs = [](int64_t k, bool descending = true) {
    return AttrList{{"k", k}, {"descending", descending}};
  };
  samples.of("topk")
      .valid({f32({5}).all_distinct()}, attrs(2))
      .valid({f32({5}).all_distinct()}, attrs(3, false))
      .valid({f32({3, 4}).all_distinct()}, attrs(1))
      .valid({f32({3, 4}).all_distinct()}, attrs(4))
      .valid({f32({2, 3, 4}).all_distinct()}, attrs(2))
      .valid({f32({3, 4})}, attrs(0))
      .valid({f32({0, 4})}, attrs(2))
      .valid({f32({1})}, attrs(1))
      .valid({f32({4, 3}).all_distinct().transposed()}, attrs(2))
      .valid({f32({4, 3}).all_distinct().sliced()}, attrs(2))
      .valid({f32({5, 100}).all_distinct()}, attrs(7))
      .valid({f32({5, 100}).all_distinct()}, attrs(1, false))
      .valid({i64({5, 100}, 0, 9)}, attrs(12))
      .valid({f16({2, 40}).all_distinct().transposed()}, attrs(2))
      .valid({bf16({3, 64}).all_distinct().sliced()}, attrs(4))
      .valid({f64({9}).all_distinct()}, attrs(3))
      .valid({f16({9}).all_distinct()}, attrs(3))
      .valid({i64({9}, 0, 30)}, attrs(3))
      .invalid({f32({5})}, attrs(6), ErrorKind::kValue, "topk: argument 'k': expected a number in [0, 5]")
      .invalid({f32({5})}, attrs(-1), ErrorKind::kValue, "topk: argument 'k': expected a number in [0, 5]")
      .invalid({f32({})}, attrs(1), ErrorKind::kValue, "argument 'inp': expected rank at least 1")
      .invalid({f32({5})}, {{"k", std::string("x")}}, ErrorKind::kType, "k")
      .invalid({std::nullopt}, attrs(1), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
