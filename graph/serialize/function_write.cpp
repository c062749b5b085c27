#include <nlohmann/json.hpp>

#include "graph/serialize/attrs_json.h"
#include "graph/serialize/function_json.h"
#include "graph/serialize/safetensors_names.h"

namespace miai {
namespace {

using Json = nlohmann::ordered_json;

Json type_to_json(const TensorType& type) {
  Json shape = Json::array();
  for (Dim dim : type.shape) shape.push_back(dim_to_json(dim));
  Json json{{"dtype", std::string(dtype_name(type.dtype))}, {"shape", shape}};
  if (!(type.device == Device{})) json["device"] = device_name(type.device);
  return json;
}

Json value_to_json(const Value& value) {
  Json json = type_to_json(value.type);
  json["id"] = value.id;
  if (!value.name.empty()) json["name"] = value.name;
  return json;
}

std::string to_hex(const void* data, size_t bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes; ++i) {
    unsigned char byte = static_cast<const unsigned char*>(data)[i];
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Json constant_to_json(const Function& function, const Value& value, std::vector<HostTensor>& tensors) {
  Json json = value_to_json(value);
  const ConstantData& constant = *value.constant;
  if (constant.bytes <= kInlineConstantBytes) {
    json["hex"] = to_hex(constant.data.get(), constant.bytes);
    return json;
  }
  std::string name = kConstantPrefix + function.name + "/" + std::to_string(value.id);
  tensors.push_back({name, value.type.dtype, static_shape(value.type.shape), constant.data});
  json["tensor"] = name;
  return json;
}

Json node_to_json(const Node& node) {
  if (!node.bodies.empty())
    raise(ErrorKind::kNotImplemented, "dump: operator '", node.op->name,
          "' holds functions, which files cannot hold yet");
  if (!node.op->portable)
    raise(ErrorKind::kNotImplemented, "dump: operator '", node.op->name,
          "' was registered at run time and is known to this process alone; register it with lower=, or "
          "write it "
          "with miai's operators");
  Json json{{"op", node.op->name}};
  if (node.op->version != 1) json["version"] = node.op->version;
  Json attrs = attrs_to_json(node.attrs);
  if (!attrs.empty()) json["attrs"] = attrs;
  Json inputs = Json::array(), outputs = Json::array();
  for (const Value* input : node.inputs) inputs.push_back(input ? input->id : -1);
  for (const Value* output : node.outputs) outputs.push_back(value_to_json(*output));
  json["inputs"] = inputs;
  json["outputs"] = outputs;
  if (!node.line.empty()) json["line"] = node.line;
  return json;
}

/// Only looks at values (debug.print): of no use in a file.
bool is_observer(const Node& node) {
  return node.op->effect && !node.op->portable && node.outputs.size() == 1 && node.op->visible_outputs() == 0;
}

Json list() { return Json::array(); }

}  // namespace

Json function_to_json(const Function& function, std::vector<HostTensor>& tensors) {
  Json json{{"name", function.name}, {"inputs", list()},  {"states", list()},    {"constants", list()},
            {"nodes", list()},       {"outputs", list()}, {"conditions", list()}};
  for (const Value* input : function.inputs) json["inputs"].push_back(value_to_json(*input));
  for (const State& state : function.states) {
    Json item{{"name", state.name}};
    if (state.input) item["input"] = value_to_json(*state.input);
    if (state.output) item["output"] = state.output->id;
    json["states"].push_back(item);
  }
  for (const Value* value : function.constants())
    json["constants"].push_back(constant_to_json(function, *value, tensors));
  for (const Node* node : function.nodes)
    if (!is_observer(*node)) json["nodes"].push_back(node_to_json(*node));
  for (size_t i = 0; i < function.outputs.size(); ++i) {
    std::string name =
        i < function.output_names.size() ? function.output_names[i] : "output" + std::to_string(i);
    json["outputs"].push_back(Json{{"name", name}, {"id", function.outputs[i]->id}});
  }
  for (const DimCondition& c : function.conditions)
    json["conditions"].push_back(Json{{"a", dim_to_json(c.a)}, {"b", dim_to_json(c.b)}, {"holds", c.holds}});
  return json;
}

}  // namespace miai
