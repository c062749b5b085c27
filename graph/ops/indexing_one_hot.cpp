#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/pick.h"

namespace miai::ops {
namespace {

struct IndexingOneHotAttrs {
  int64_t axis = 1;
  bool keepdims = false;
  static auto fields() {
    return std::tuple{field("axis", &IndexingOneHotAttrs::axis, "the axis that is indexed"),
                      field("keepdims", &IndexingOneHotAttrs::keepdims, "keep it with size 1")};
  }
};

void infer_indexing_one_hot(InferContext& c) {
  const IndexingOneHotAttrs& a = c.attrs<IndexingOneHotAttrs>();
  Dims shape = c.input(0).shape, index = c.input(1).shape;
  int axis = c.axis(a.axis, shape.size());
  c.check_int(1);
  c.check_rank(1, shape.size() - 1);
  for (int i = 0; i < index.size(); ++i) c.check_dim(1, i, shape[i < axis ? i : i + 1], "as 'src' has");
  if (a.keepdims) index.insert(axis, 1);
  c.output_like(0, index);
}

Vars lower_indexing_one_hot(std::span<const Var> inputs, const Attrs& attrs) {
  const IndexingOneHotAttrs& a = attrs.as<IndexingOneHotAttrs>();
  int axis = static_cast<int>(a.axis < 0 ? a.axis + inputs[0].type().rank() : a.axis);
  Attrs attrs_of_pick = make_attrs(PickAttrs{axis, true, "indexing_one_hot", "index"});
  Var picked = emit1(find_op("pick"), attrs_of_pick, {inputs[0], inputs[1]});
  return {a.keepdims ? expand_dims(picked, axis) : picked};
}

}  // namespace

void define_indexing_one_hot(OpTable& table) {
  OpDef op;
  op.name = "indexing_one_hot";
  op.doc = R"(One element of `src` along an axis for each index: with axis 1, out[i] = src[i, index[i]].

`index`: integers of the shape of `src` without the axis; negative values count from the end. Raises
IndexError for a value out of bounds.

>>> import miai.functional as F, miai as mi
>>> F.indexing_one_hot(mi.tensor([[1, 2], [3, 4]]), mi.tensor([1, 0])).tolist()
[2, 3]
)";
  op.inputs = {{"src"}, {"index"}};
  op.attrs = &attrs_type<IndexingOneHotAttrs>();
  op.infer = infer_indexing_one_hot;
  op.lower = lower_indexing_one_hot;
  op.checks_values = true;
  table.add(std::move(op));
}

void define_indexing_one_hot_samples(SampleTable& samples) {
  auto attrs = [](int64_t axis, bool keepdims) { return AttrList{{"axis", axis}, {"keepdims", keepdims}}; };
  samples.of("indexing_one_hot")
      .valid({f32({3, 4}), i64({3}, 0, 4)})
      .valid({f32({3, 4}), i64({3}, -4, 4)}, attrs(1, true))
      .valid({f32({3, 4}), i64({4}, 0, 3)}, attrs(0, false))
      .valid({f32({3, 4, 5}), i64({3, 5}, 0, 4)}, attrs(-2, false))
      .valid({f32({5}), i64({}, 0, 5)}, attrs(0, false))
      .valid({f32({0, 4}), i64({0}, 0, 4)})
      .valid({f32({1, 1}), i64({1}, 0, 1)})
      .valid({f32({3, 4}).transposed(), i32({3}, 0, 4)})
      .valid({f32({3, 4}).sliced(), i32({3}, 0, 4).sliced()})
      .valid({f64({3, 4}), i64({3}, 0, 4)})
      .valid({f16({3, 4}), i64({3}, 0, 4)})
      .valid({i64({3, 4}), i64({3}, 0, 4)})
      .invalid({f32({3, 4}), i64({3}).of({0, 4, 0})}, {}, ErrorKind::kIndex,
               "indexing_one_hot: argument 'index': expected indices in [-4, 4) of axis 1, got 4")
      .invalid({f32({3, 4}), f32({3})}, {}, ErrorKind::kType, "argument 'index': expected an integer dtype")
      .invalid({f32({3, 4}), i64({4}, 0, 4)}, {}, ErrorKind::kValue,
               "argument 'index': expected size 3 in dimension 0")
      .invalid({f32({3, 4}), i64({3, 1}, 0, 4)}, {}, ErrorKind::kValue, "argument 'index': expected rank 1")
      .invalid({f32({3}), i64({3}, 0, 3)}, {}, ErrorKind::kValue,
               "argument 'axis': expected an axis in [-1, 1)");
}

}  // namespace miai::ops
