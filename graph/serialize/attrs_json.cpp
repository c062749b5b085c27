#include "graph/serialize/attrs_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "graph/ir/dim_expr.h"

namespace miai {
namespace {

using Json = nlohmann::ordered_json;

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(double value) const {
    if (std::isfinite(value)) return value;
    return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";  // JSON has no such numbers
  }
  Json operator()(DType dtype) const { return std::string(dtype_name(dtype)); }
  Json operator()(Device device) const { return device_name(device); }
  Json operator()(Dim dim) const { return dim_to_json(dim); }
  Json operator()(const Dims& dims) const {
    Json list = Json::array();
    for (Dim dim : dims) list.push_back(dim_to_json(dim));
    return list;
  }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

double float_from_text(const std::string& text) {
  if (text == "nan") return std::nan("");
  if (text == "inf") return HUGE_VAL;
  if (text == "-inf") return -HUGE_VAL;
  raise(ErrorKind::kValue, "expected a number, got '", text, "'");
}

AttrValue list_from_json(const Json& json, SymbolTable& symbols) {
  bool symbolic = false;
  Ints ints;
  Dims dims;
  for (const Json& item : json) {
    Dim dim = dim_from_json(item, symbols);
    symbolic |= !dim.is_static();
    if (dim.is_static()) ints.push_back(dim.value());
    if (dims.size() < kMaxRank) dims.push_back(dim);
  }
  if (symbolic) return dims;
  return ints;
}

AttrValue value_from_json(const Json& json, const FieldInfo& field, SymbolTable& symbols) {
  if (json.is_null()) return std::monostate{};
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_array()) return list_from_json(json, symbols);
  if (!json.is_string()) raise(ErrorKind::kValue, "expected a value of field '", field.name, "'");
  if (field.kind == AttrKind::kFloat) return float_from_text(json.get<std::string>());
  if (field.kind == AttrKind::kDim) return dim_from_json(json, symbols);
  return json.get<std::string>();
}

}  // namespace

Json dim_to_json(Dim dim) {
  if (dim.is_static()) return dim.value();
  return to_string(dim);
}

Dim dim_from_json(const Json& json, SymbolTable& symbols) {
  if (json.is_number_integer()) return json.get<int64_t>();
  return parse_dim(json.get<std::string>(), symbols);
}

Json attrs_to_json(const Attrs& attrs) {
  Json json = Json::object();
  if (attrs.empty()) return json;
  std::shared_ptr<void> defaults = attrs.type()->create();
  for (const FieldInfo& field : attrs.type()->fields) {
    AttrValue value = field.get(attrs.data(), field);
    if (value == field.get(defaults.get(), field)) continue;
    json[std::string(field.name)] = std::visit(ToJson{}, value);
  }
  return json;
}

Attrs attrs_from_json(const Json& json, const OpDef& op, int version, SymbolTable& symbols) {
  if (!op.attrs) return Attrs();
  std::vector<std::pair<std::string, AttrValue>> values;
  static const FieldInfo unknown{};
  for (const auto& [name, item] : json.items()) {
    const FieldInfo* field = op.attrs->find(name);
    values.emplace_back(name, value_from_json(item, field ? *field : unknown, symbols));
  }
  if (version < op.version && op.upgrade) op.upgrade(version, values);
  return parse_attrs(op.name, *op.attrs, values);
}

}  // namespace miai
