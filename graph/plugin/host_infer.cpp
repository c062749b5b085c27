// Types of inputs and outputs, and arithmetic on sizes.
#include "graph/ir/dim_expr.h"
#include "graph/plugin/host_functions.h"

namespace miai::plugin {

const TensorType& input_type(const miai_context& c, int32_t input) {
  if (!c.infer && !c.gradient)
    raise(ErrorKind::kRuntime, "types of inputs cannot be read in its ", c.what, "; it has views");
  const size_t i = checked_index("input", input, c.op->definition.inputs.size());
  const bool present =
      c.infer ? c.infer->has(input) : i < c.gradient->present.size() && c.gradient->present[i];
  if (!present) raise(ErrorKind::kValue, "input ", input, " was not given; ask has_input first");
  return c.infer ? c.infer->input(input) : c.gradient->input_types[i];
}

Dim dim_of(const TensorType& type, int32_t axis) {
  return type.shape[static_cast<int>(checked_index("axis", axis, static_cast<size_t>(type.rank())))];
}

namespace {

int32_t has_input(miai_context* c, int32_t input) {
  if (c->infer) return input >= 0 && c->infer->has(input);
  if (!c->gradient || input < 0) return 0;
  const std::vector<bool>& present = c->gradient->present;
  return static_cast<size_t>(input) < present.size() && present[static_cast<size_t>(input)];
}
miai_dtype input_dtype(miai_context* c, int32_t input) {
  return kept(c, MIAI_FLOAT32, [&] { return static_cast<miai_dtype>(input_type(*c, input).dtype); });
}
int32_t input_rank(miai_context* c, int32_t input) {
  return kept(c, int32_t{0}, [&] { return int32_t{input_type(*c, input).rank()}; });
}
miai_dim input_dim(miai_context* c, int32_t input, int32_t axis) {
  return kept(c, miai_dim{}, [&] { return to_c(dim_of(input_type(*c, input), axis)); });
}

void add_output(miai_context* c, miai_dtype dtype, int32_t rank, const miai_dim* dims) {
  kept(c, 0, [&] {
    if (!c->infer) raise(ErrorKind::kRuntime, "add_output is for infer alone");
    if (rank < 0 || rank > kMaxRank)
      raise(ErrorKind::kValue, "an output has at most ", kMaxRank, " dimensions, got ", rank);
    Dims shape;
    for (int32_t i = 0; i < rank; ++i) {
      shape.push_back(from_c(dims[i]));
      if (shape.back().is_static() && shape.back().value() < 0)
        raise(ErrorKind::kValue, "an output has the negative size ", shape.back());
    }
    Device device;
    for (int i = c->infer->input_count() - 1; i >= 0; --i)
      if (c->infer->has(i)) device = c->infer->input(i).device;
    c->infer->output(checked_dtype(dtype), shape, device);
    return 0;
  });
}

template <Dim (*Function)(Dim, Dim)>
miai_dim arithmetic(miai_context* c, miai_dim a, miai_dim b) {
  return kept(c, miai_dim{}, [&] { return to_c(Function(from_c(a), from_c(b))); });
}

int32_t dim_equal(miai_context* c, miai_dim a, miai_dim b) {
  return kept(c, int32_t{0}, [&] { return int32_t{dims_equal(from_c(a), from_c(b))}; });
}
int32_t dim_value(miai_context*, miai_dim dim, int64_t* value) {
  const Dim known = from_c(dim);
  if (!known.is_static()) return 0;
  *value = known.value();
  return 1;
}

}  // namespace

void fill_infer_functions(miai_host_api& api) {
  api.has_input = has_input;
  api.input_dtype = input_dtype;
  api.input_rank = input_rank;
  api.input_dim = input_dim;
  api.add_output = add_output;
}

void fill_dim_functions(miai_host_api& api) {
  api.dim = [](miai_context*, int64_t value) { return to_c(Dim(value)); };
  api.dim_add = arithmetic<(operator+)>;
  api.dim_sub = arithmetic<(operator-)>;
  api.dim_mul = arithmetic<(operator*)>;
  api.dim_floordiv = arithmetic<floor_div>;
  api.dim_max = arithmetic<dim_max>;
  api.dim_equal = dim_equal;
  api.dim_value = dim_value;
}

}  // namespace miai::plugin
