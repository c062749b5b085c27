// Tensors of a gradient, and operators applied to them.
#include "graph/ops/builders.h"
#include "graph/plugin/host_functions.h"

namespace miai::plugin {
namespace {

GradientCall& call_of(const miai_context& c) {
  if (c.gradient) return *c.gradient;
  raise(ErrorKind::kRuntime, "gradients and emit are for its gradient, not for its ", c.what);
}

miai_var* saved(miai_context* c, const char* what, const Vars& vars, int32_t i, uint32_t listed) {
  const size_t index = checked_index(what, i, vars.size());
  if (!(listed >> index & 1u))
    raise(ErrorKind::kValue, "its gradient reads ", what, " ", i, ", which gradient_", what,
          "s does not list");
  return c->handle(vars[index]);
}

constexpr miai_var* kNone = nullptr;

miai_var* input(miai_context* c, int32_t i) {
  return kept(c, kNone,
              [&] { return saved(c, "input", call_of(*c).inputs, i, c->op->callbacks.gradient_inputs); });
}
miai_var* output(miai_context* c, int32_t i) {
  return kept(c, kNone,
              [&] { return saved(c, "output", call_of(*c).outputs, i, c->op->callbacks.gradient_outputs); });
}
miai_var* output_gradient(miai_context* c, int32_t i) {
  return kept(c, kNone, [&] {
    const Vars& grads = call_of(*c).out_grads;
    return c->handle(grads[checked_index("output", i, grads.size())]);
  });
}
int32_t needs_gradient(miai_context* c, int32_t i) {
  return kept(c, int32_t{0}, [&] {
    const std::vector<bool>& needs = call_of(*c).needs;
    return int32_t{i >= 0 && static_cast<size_t>(i) < needs.size() && needs[static_cast<size_t>(i)]};
  });
}
void set_gradient(miai_context* c, int32_t i, miai_var* gradient) {
  kept(c, 0, [&] {
    Vars& gradients = call_of(*c).gradients;
    gradients[checked_index("input", i, gradients.size())] = gradient ? gradient->var : Var();
    return 0;
  });
}

AttrValue value_of(const miai_attribute& a) {
  switch (a.kind) {
    case MIAI_ATTRIBUTE_BOOL:
      return a.integer != 0;
    case MIAI_ATTRIBUTE_INT:
      return a.integer;
    case MIAI_ATTRIBUTE_FLOAT:
      return a.number;
    case MIAI_ATTRIBUTE_STRING:
      return std::string(a.text ? a.text : "");
    case MIAI_ATTRIBUTE_INTS:
      return Ints(a.integers, a.integers + a.count);
    case MIAI_ATTRIBUTE_DIMS:
      break;
  }
  if (a.kind != MIAI_ATTRIBUTE_DIMS)
    raise(ErrorKind::kType, "attribute '", a.name, "': unknown kind ", a.kind);
  Dims dims;
  for (int32_t i = 0; i < a.count; ++i) dims.push_back(from_c(a.dims[i]));
  return AttrTraits<Dims>::to_value(dims);
}

miai_var* emit(miai_context* c, const char* name, miai_var* const* inputs, int32_t input_count,
               const miai_attribute* attributes, int32_t attribute_count) {
  return kept(c, kNone, [&] {
    call_of(*c);
    const OpDef& op = find_op(name);
    Vars vars;
    for (int32_t i = 0; i < input_count; ++i) vars.push_back(inputs[i] ? inputs[i]->var : Var());
    std::vector<std::pair<std::string, AttrValue>> values;
    for (int32_t i = 0; i < attribute_count; ++i)
      values.emplace_back(attributes[i].name, value_of(attributes[i]));
    if (!op.attrs && !values.empty())
      raise(ErrorKind::kType, op.name, ": unknown argument '", values[0].first, "'");
    c->emitted = miai::emit(op, op.attrs ? parse_attrs(op.name, *op.attrs, values) : Attrs(), vars);
    return c->handle(c->emitted[0]);
  });
}
miai_var* emitted(miai_context* c, int32_t i) {
  return kept(c, kNone, [&] { return c->handle(c->emitted[checked_index("output", i, c->emitted.size())]); });
}

const Var& var_of(const miai_var* var) {
  if (!var) raise(ErrorKind::kValue, "a tensor was expected, got NULL");
  return var->var;
}
miai_var* scalar(miai_context* c, miai_var* like, double value) {
  return kept(c, kNone, [&] { return c->handle(scalar_like(var_of(like), value)); });
}
miai_dtype var_dtype(miai_context* c, miai_var* var) {
  return kept(c, MIAI_FLOAT32, [&] { return static_cast<miai_dtype>(var_of(var).dtype()); });
}
int32_t var_rank(miai_context* c, miai_var* var) {
  return kept(c, int32_t{0}, [&] { return int32_t{var_of(var).type().rank()}; });
}
miai_dim var_dim(miai_context* c, miai_var* var, int32_t axis) {
  return kept(c, miai_dim{}, [&] { return to_c(dim_of(var_of(var).type(), axis)); });
}

}  // namespace

void fill_gradient_functions(miai_host_api& api) {
  api.input = input;
  api.output = output;
  api.output_gradient = output_gradient;
  api.needs_gradient = needs_gradient;
  api.set_gradient = set_gradient;
  api.emit = emit;
  api.emitted = emitted;
  api.scalar = scalar;
  api.var_dtype = var_dtype;
  api.var_rank = var_rank;
  api.var_dim = var_dim;
}

void call_gradient(const PluginOp& op, const Attrs& attrs, GradientCall& call) {
  miai_context c{.op = &op, .name = op.name, .what = "gradient", .attrs = &attrs, .gradient = &call};
  call_plugin(c, [&] { return op.callbacks.gradient(&host_api(), &c); });
}

}  // namespace miai::plugin
