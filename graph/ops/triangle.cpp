#include "graph/ops/builders.h"
#include "graph/ops/index_checks.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct TriangleAttrs {
  int64_t diagonal = 0;
  static auto fields() {
    return std::tuple{field("diagonal", &TriangleAttrs::diagonal, "0: the main one; above it if positive")};
  }
};

Var keep(const Var& x, const Attrs& attrs, bool upper) {
  Dims shape = x.shape();
  Dim rows = shape[shape.size() - 2], columns = shape.back();
  Device device = x.type().device;
  Var shift = full({}, static_cast<double>(attrs.as<TriangleAttrs>().diagonal), DType::kInt64, device);
  Var row = reshape(iota({rows}, device), {rows, 1}) + shift, column = iota({columns}, device);
  return where(upper ? less_equal(row, column) : greater_equal(row, column), x, scalar_like(x, 0));
}

OpDef triangle(const char* name, const char* doc, bool upper) {
  OpDef op;
  op.name = name;
  op.doc = doc;
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<TriangleAttrs>();
  op.infer = [](InferContext& c) {
    c.check_min_rank(0, 2);
    c.output_like(0, c.input(0).shape);
  };
  op.lower = [upper](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    return {keep(inputs[0], attrs, upper)};
  };
  return op;
}

}  // namespace

void define_triangle(OpTable& table) {
  table.add(triangle("triu", R"(The upper triangles of matrices (the last two axes), zeros below.

`diagonal`: the first one kept; above the main one if positive.

>>> import miai.functional as F, miai as mi
>>> F.triu(mi.tensor([[1, 2], [3, 4]])).tolist()
[[1, 2], [0, 4]]
)",
                     true));
  table.add(triangle("tril", R"(The lower triangles of matrices (the last two axes), zeros above.

`diagonal`: the last one kept; above the main one if positive.

>>> import miai.functional as F, miai as mi
>>> F.tril(mi.tensor([[1, 2], [3, 4]])).tolist()
[[1, 0], [3, 4]]
)",
                     false));
}

void define_triangle_samples(SampleTable& samples) {
  auto diagonal = [](int64_t k) { return AttrList{{"diagonal", k}}; };
  for (const char* name : {"triu", "tril"})
    samples.of(name)
        .valid({f32({3, 3})})
        .valid({f32({3, 5})}, diagonal(1))
        .valid({f32({5, 3})}, diagonal(-2))
        .valid({f32({2, 3, 4})}, diagonal(-1))
        .valid({f32({1, 1})}, diagonal(1))
        .valid({f32({0, 3})})
        .valid({f32({3, 3})}, diagonal(9))
        .valid({f32({3, 4}).transposed()})
        .valid({f32({3, 4}).sliced()})
        .valid({f64({3, 3})})
        .valid({f16({3, 3})})
        .valid({i64({3, 3})})
        .invalid({f32({3})}, {}, ErrorKind::kValue, "argument 'inp': expected rank at least 2, got rank 1")
        .invalid({f32({})}, {}, ErrorKind::kValue, "argument 'inp': expected rank at least 2, got rank 0")
        .invalid({f32({3, 3})}, {{"diagonal", 0.5}}, ErrorKind::kType, "diagonal")
        .invalid({f32({3, 3})}, {{"k", int64_t{1}}}, ErrorKind::kType, "k")
        .invalid({std::nullopt}, {}, ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
