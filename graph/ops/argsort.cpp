#include "graph/ops/builders.h"
#include "graph/ops/tables.h"
#include "kernels/common/attrs/sort.h"

namespace miai::ops {
namespace {

struct ArgSortAttrs {
  bool descending = false;
  static auto fields() { return std::tuple{field("descending", &ArgSortAttrs::descending, "largest first")}; }
};

}  // namespace

void define_argsort(OpTable& table) {
  OpDef op;
  op.name = "argsort";
  op.doc = R"(Where the values of `inp`, sorted along its last axis, stood (int32).

Equal values keep their order; NaN counts as the greatest. Any dtype.

>>> import miai.functional as F, miai as mi
>>> F.argsort(mi.tensor([3, 1, 2])).tolist()
[1, 2, 0]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<ArgSortAttrs>();
  op.infer = [](InferContext& c) {
    c.check_min_rank(0, 1);
    c.output(DType::kInt32, c.input(0).shape, c.input(0).device);
  };
  op.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    Attrs sort = make_attrs(SortAttrs{attrs.as<ArgSortAttrs>().descending, -1});
    return {emit(find_op("sort"), sort, inputs)[1]};
  };
  table.add(std::move(op));
}

void define_argsort_samples(SampleTable& samples) {
  auto descending = [](bool d) { return AttrList{{"descending", d}}; };
  SampleList& list = samples.of("argsort");
  list.check_grad = false;  // indices
  list.valid({f32({5})})
      .valid({f32({5})}, descending(true))
      .valid({f32({3, 4})})
      .valid({f32({2, 3, 4})}, descending(true))
      .valid({f32({0, 3})})
      .valid({f32({3, 0})})
      .valid({f32({1})})
      .valid({f32({4, 3}).transposed()})
      .valid({f32({4, 3}).sliced()})
      .valid({f32({4, 3}).broadcast()})
      .valid({f64({9})})
      .valid({bf16({9})})
      .valid({i64({9}, 0, 3)})
      .invalid({f32({})}, {}, ErrorKind::kValue, "argsort: argument 'inp': expected rank at least 1")
      .invalid({f32({5})}, {{"descending", std::string("x")}}, ErrorKind::kType, "descending")
      .invalid({f32({5})}, {{"axis", int64_t{0}}}, ErrorKind::kType, "axis")
      .invalid({f32({5}), f32({5})}, {}, ErrorKind::kType, "expected at most 1 tensors, got 2")
      .invalid({std::nullopt}, {}, ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
