#include "graph/plugin/plugin_op.h"

#include "graph/ops/runtime_op.h"
#include "graph/plugin/context.h"
#include "graph/plugin/host_functions.h"

namespace miai::plugin {
namespace {

std::string text_of(const char* text) { return text ? text : ""; }

RuntimeField field_of(const miai_attribute& a) {
  RuntimeField field{text_of(a.name), text_of(a.doc), AttrKind::kInt, {}};
  switch (a.kind) {
    case MIAI_ATTRIBUTE_BOOL:
      return {field.name, field.doc, AttrKind::kBool, a.integer != 0};
    case MIAI_ATTRIBUTE_INT:
      return {field.name, field.doc, AttrKind::kInt, a.integer};
    case MIAI_ATTRIBUTE_FLOAT:
      return {field.name, field.doc, AttrKind::kFloat, a.number};
    case MIAI_ATTRIBUTE_STRING:
      return {field.name, field.doc, AttrKind::kString, text_of(a.text)};
    case MIAI_ATTRIBUTE_INTS:
      return {field.name, field.doc, AttrKind::kInts, Ints(a.integers, a.integers + a.count)};
    case MIAI_ATTRIBUTE_DIMS:
      break;
  }
  raise(ErrorKind::kType, "attribute '", field.name, "': its kind cannot be registered");
}

void check_version(const miai_operator& op) {
  if (op.api_version == MIAI_PLUGIN_API_VERSION) return;
  if (op.api_version == 0)
    raise(ErrorKind::kValue, "api_version is 0; set it to MIAI_PLUGIN_API_VERSION of miai/plugin.h");
  raise(ErrorKind::kNotImplemented, "it was built for version ", op.api_version,
        " of the plugin interface, this miai has version ", MIAI_PLUGIN_API_VERSION,
        "; build it with this miai's miai/plugin.h, or take a newer miai");
}

void check_counts(const miai_operator& op, const std::string& name) {
  auto check = [&](const char* what, int32_t count, int32_t most, const void* list) {
    if (count < 0 || count > most || (count && !list))
      raise(ErrorKind::kValue, "operator '", name, "': expected at most ", most, " ", what, ", got ", count,
            list ? "" : " and no list");
  };
  check("inputs", op.input_count, MIAI_PLUGIN_MAX_OPERANDS, op.inputs);
  check("outputs", op.output_count, MIAI_PLUGIN_MAX_OPERANDS, op.outputs);
  check("attributes", op.attribute_count, MIAI_PLUGIN_MAX_OPERANDS, op.attributes);
  if (!op.infer) raise(ErrorKind::kValue, "operator '", name, "': no infer");
  if (!op.run) raise(ErrorKind::kValue, "operator '", name, "': no run");
  if (op.version < 0) raise(ErrorKind::kValue, "operator '", name, "': version ", op.version);
}

void infer(const PluginOp& op, InferContext& context) {
  miai_context c{
      .op = &op, .name = op.name, .what = "infer", .attrs = &context.raw_attrs(), .infer = &context};
  call_plugin(c, [&] { return op.callbacks.infer(&host_api(), &c); });
  const size_t expected = context.op().outputs.size();
  if (context.outputs.size() != expected)
    raise(ErrorKind::kType, op.name, ": its infer gave ", context.outputs.size(), " outputs, expected ",
          expected);
}

}  // namespace

std::shared_ptr<PluginOp> make_plugin_op(const miai_operator& op) {
  check_version(op);
  auto made = std::make_shared<PluginOp>();
  made->callbacks = op;
  made->name = text_of(op.name);
  check_counts(op, made->name);
  OpDef& definition = made->definition;
  definition.name = made->name;
  definition.doc = op.doc ? op.doc : made->name;
  definition.version = std::max(op.version, 1);
  for (int32_t i = 0; i < op.input_count; ++i)
    definition.inputs.push_back({text_of(op.inputs[i].name),
                                 op.inputs[i].optional ? Presence::kOptional : Presence::kRequired,
                                 text_of(op.inputs[i].doc)});
  definition.outputs.clear();
  for (int32_t i = 0; i < op.output_count; ++i)
    definition.outputs.push_back({text_of(op.outputs[i].name), op.outputs[i].auxiliary != 0});
  std::vector<RuntimeField> fields;
  for (int32_t i = 0; i < op.attribute_count; ++i) fields.push_back(field_of(op.attributes[i]));
  if (!fields.empty()) made->attrs = runtime_attrs_type(std::move(fields));
  definition.attrs = made->attrs.get();
  check_runtime_op(definition);
  return made;
}

OpDef definition_of(const PluginOpPtr& op) {
  OpDef definition = op->definition;
  definition.infer = [op](InferContext& context) { infer(*op, context); };
  return definition;
}

}  // namespace miai::plugin
