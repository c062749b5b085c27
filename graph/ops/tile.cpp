#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct TileAttrs {
  Dims reps;
  static auto fields() {
    return std::tuple{field("reps", &TileAttrs::reps, "repetitions of each axis, the last axis last")};
  }
};

/// Repetitions for every axis of the output.
Dims all_reps(const Dims& reps, int rank) {
  Dims all = reps;
  while (all.size() < rank) all.insert(0, 1);
  return all;
}

void infer_tile(InferContext& c) {
  const TensorType& in = c.input(0);
  Dims reps = all_reps(c.attrs<TileAttrs>().reps, in.rank());
  int added = reps.size() - in.rank();
  Dims shape;
  for (int i = 0; i < reps.size(); ++i) {
    if (reps[i].is_static() && reps[i].value() < 0)
      c.fail(ErrorKind::kValue, "reps", "expected numbers of at least 0, got ", reps);
    shape.push_back((i < added ? Dim(1) : in.shape[i - added]) * reps[i]);
  }
  c.output_like(0, shape);
}

/// x[outer, 1, inner] stretched to [outer, reps, inner]: rank 3, whatever the rank of x.
Var tile_axis(const Var& x, int axis, Dim reps) {
  Dims shape = x.shape();
  Dim outer = 1, inner = 1;
  for (int i = 0; i < shape.size(); ++i) (i < axis ? outer : inner) = (i < axis ? outer : inner) * shape[i];
  Var stretched = broadcast_to(reshape(x, {outer, 1, inner}), {outer, reps, inner});
  shape[axis] = shape[axis] * reps;
  return reshape(stretched, shape);
}

Vars lower_tile(std::span<const Var> inputs, const Attrs& attrs) {
  Var x = inputs[0];
  Dims reps = all_reps(attrs.as<TileAttrs>().reps, x.type().rank());
  Dims shape = x.shape();
  while (shape.size() < reps.size()) shape.insert(0, 1);
  x = reshape(x, shape);
  for (int i = reps.size() - 1; i >= 0; --i)
    if (!(reps[i] == Dim(1))) x = tile_axis(x, i, reps[i]);
  return {x};
}

}  // namespace

void define_tile(OpTable& table) {
  OpDef op;
  op.name = "tile";
  op.doc = R"(`inp` laid side by side `reps` times along each axis, as NumPy's tile.

`reps`: fewer than the rank leave the first axes alone, more add axes in front. Any dtype. Raises ValueError
for a negative number.

>>> import miai.functional as F, miai as mi
>>> F.tile(mi.tensor([1, 2]), 2).tolist()
[1, 2, 1, 2]
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<TileAttrs>();
  op.infer = infer_tile;
  op.lower = lower_tile;
  table.add(std::move(op));
}

void define_tile_samples(SampleTable& samples) {
  auto reps = [](Ints r) { return AttrList{{"reps", r}}; };
  samples.of("tile")
      .valid({f32({3})}, reps({2}))
      .valid({f32({2, 3})}, reps({2, 1}))
      .valid({f32({2, 3})}, reps({3}))
      .valid({f32({2, 3})}, reps({2, 1, 3}))
      .valid({f32({})}, reps({2, 2}))
      .valid({f32({2, 3})}, reps({}))
      .valid({f32({2, 3})}, reps({0, 2}))
      .valid({f32({0, 3})}, reps({2, 2}))
      .valid({f32({2, 1, 2, 1, 2, 1, 2, 1})}, reps({2, 1, 1, 3, 1, 1, 1, 2}))
      .valid({f32({2, 3}).transposed()}, reps({2, 2}))
      .valid({f32({2, 3}).sliced()}, reps({1, 2}))
      .valid({f64({2, 3})}, reps({2, 2}))
      .valid({f16({2, 3})}, reps({2, 2}))
      .valid({i64({2, 3})}, reps({2, 2}))
      .valid({b8({2, 3})}, reps({1, 2}))
      .invalid({f32({3})}, reps({-1}), ErrorKind::kValue,
               "tile: argument 'reps': expected numbers of at least 0")
      .invalid({f32({3})}, reps({1, 1, 1, 1, 1, 1, 1, 1, 1}), ErrorKind::kValue, "at most 8 dimensions")
      .invalid({f32({3})}, {{"reps", std::string("x")}}, ErrorKind::kType, "reps")
      .invalid({f32({8})}, reps({int64_t{1} << 60}), ErrorKind::kOverflow, "sizes too large")
      .invalid({std::nullopt}, reps({1}), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
