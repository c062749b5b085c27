#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

struct MoveAxisAttrs {
  Ints source, destination;
  static auto fields() {
    return std::tuple{field("source", &MoveAxisAttrs::source, "axes of the input"),
                      field("destination", &MoveAxisAttrs::destination, "where they stand in the output")};
  }
};

/// Input axis of each output axis; the axes not named keep their order.
Ints moved_pattern(const MoveAxisAttrs& a, int rank) {
  Ints pattern(rank, -1);
  std::vector<bool> moved(rank);
  auto wrap = [&](int64_t axis) { return axis < 0 ? axis + rank : axis; };
  for (size_t i = 0; i < a.source.size(); ++i) {
    pattern[wrap(a.destination[i])] = wrap(a.source[i]);
    moved[wrap(a.source[i])] = true;
  }
  int next = 0;
  for (int64_t& axis : pattern) {
    if (axis >= 0) continue;
    while (moved[next]) ++next;
    axis = next++;
  }
  return pattern;
}

void check_axes(const InferContext& c, const Ints& axes, std::string_view argument) {
  std::vector<bool> seen(c.input(0).rank());
  for (int64_t entry : axes) {
    int axis = c.axis(entry, c.input(0).rank(), argument);
    if (seen[axis]) c.fail(ErrorKind::kValue, argument, "expected different axes, got ", AttrValue(axes));
    seen[axis] = true;
  }
}

void infer_moveaxis(InferContext& c) {
  const MoveAxisAttrs& a = c.attrs<MoveAxisAttrs>();
  check_axes(c, a.source, "source");
  check_axes(c, a.destination, "destination");
  if (a.source.size() != a.destination.size())
    c.fail(ErrorKind::kValue, "destination", "expected ", a.source.size(), " axes, as source has, got ",
           a.destination.size());
  Dims shape;
  for (int64_t axis : moved_pattern(a, c.input(0).rank())) shape.push_back(c.input(0).shape[axis]);
  c.output_like(0, shape);
}

}  // namespace

void define_moveaxis(OpTable& table) {
  OpDef op;
  op.name = "moveaxis";
  op.doc = R"(`inp` with some axes moved, the others in their order; a view. Any dtype.

>>> import miai.functional as F, miai as mi
>>> F.moveaxis(mi.tensor([[[1, 2, 3]]]), 2, 0).shape
(3, 1, 1)
)";
  op.inputs = {{"inp"}};
  op.attrs = &attrs_type<MoveAxisAttrs>();
  op.infer = infer_moveaxis;
  op.lower = [](std::span<const Var> inputs, const Attrs& attrs) -> Vars {
    return {transpose(inputs[0], moved_pattern(attrs.as<MoveAxisAttrs>(), inputs[0].type().rank()))};
  };
  table.add(std::move(op));
}

void define_moveaxis_samples(SampleTable& samples) {
  auto axes = [](Ints a, Ints b) { return AttrList{{"source", a}, {"destination", b}}; };
  samples.of("moveaxis")
      .valid({f32({2, 3, 4})}, axes({0}, {2}))
      .valid({f32({2, 3, 4})}, axes({-1}, {0}))
      .valid({f32({2, 3, 4})}, axes({0, 1}, {1, 2}))
      .valid({f32({2, 3, 4, 5})}, axes({3, 1}, {0, -1}))
      .valid({f32({2, 3})}, axes({1}, {1}))
      .valid({f32({2, 3})}, axes({0, 1}, {1, 0}))
      .valid({f32({5})}, axes({0}, {0}))
      .valid({f32({0, 3})}, axes({0}, {1}))
      .valid({f32({4, 3}).transposed()}, axes({0}, {1}))
      .valid({f32({4, 3}).sliced()}, axes({0}, {1}))
      .valid({f64({4, 3})}, axes({0}, {1}))
      .valid({i64({4, 3})}, axes({0}, {1}))
      .invalid({f32({2, 3})}, axes({2}, {0}), ErrorKind::kValue,
               "moveaxis: argument 'source': expected an axis in")
      .invalid({f32({2, 3})}, axes({0}, {2}), ErrorKind::kValue,
               "moveaxis: argument 'destination': expected an axis in")
      .invalid({f32({2, 3})}, axes({0, 0}, {0, 1}), ErrorKind::kValue,
               "argument 'source': expected different axes")
      .invalid({f32({2, 3})}, axes({0, 1}, {0}), ErrorKind::kValue, "argument 'destination': expected 2 axes")
      .invalid({std::nullopt}, axes({0}, {1}), ErrorKind::kType, "argument 'inp': missing");
}

}  // namespace miai::ops
