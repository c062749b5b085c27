#include "graph/serialize/attrs_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "graph/ir/dim_expr.h"

namespace miai {
namespace {

using Json = nlohmann::ordered_json;

// A hostile file must not make much out of little.
constexpr size_t kMostText = 4096;                               // bytes of a string
constexpr size_t kMostExpression = 512, kExpressionBytes = 512;  // bytes of a size's text; memory for each
constexpr size_t kMostItems = 65536;                             // of a list
constexpr size_t kMostFields = 256;                              // of an operator
constexpr size_t kMostSymbols = 1024;  // of a function; they are kept for the life of the process

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

/// The numbers that JSON has no word for.
std::optional<double> float_from_text(const std::string& text) {
  if (text == "nan") return std::nan("");
  if (text == "inf") return HUGE_VAL;
  if (text == "-inf") return -HUGE_VAL;
  return std::nullopt;
}

AttrValue list_from_json(const JsonView& json, SymbolTable& symbols) {
  Ints ints;
  std::vector<Dim> dims;  // if any is symbolic
  for (const auto& item : json.items()) {
    if (ints.size() == kMostItems) raise(ErrorKind::kValue, "a list of more than ", kMostItems, " numbers");
    if (!item.value.is_integer() && dims.empty()) dims.assign(ints.begin(), ints.end());
    const bool symbolic = !item.value.is_integer() || !dims.empty();
    if (symbolic) dims.push_back(dim_from_json(item.value, symbols));
    ints.push_back(symbolic ? 0 : item.value.integer());
  }
  if (dims.empty()) return ints;
  if (dims.size() > kMaxRank) raise(ErrorKind::kValue, "a list of more than ", kMaxRank, " sizes");
  return Dims(dims);
}

AttrValue value_from_json(const JsonView& json, const FieldInfo& field, SymbolTable& symbols) {
  if (json.is_null()) return std::monostate{};
  if (json.is_boolean()) return json.boolean();
  if (json.is_integer()) return json.integer();
  if (json.is_number()) return json.number();
  if (json.is_array()) return list_from_json(json, symbols);
  if (!json.is_string()) raise(ErrorKind::kValue, "expected a value of field '", field.name, "'");
  if (field.kind == AttrKind::kDim) return dim_from_json(json, symbols);
  std::string text = json.string(kMostText);
  if (field.kind != AttrKind::kFloat && field.kind != AttrKind::kNumber) return text;
  if (std::optional<double> number = float_from_text(text)) return *number;
  if (field.kind == AttrKind::kNumber) return dim_from_json(json, symbols);
  raise(ErrorKind::kValue, "expected a number, got '", text, "'");
}

}  // namespace

Json dim_to_json(Dim dim) {
  if (dim.is_static()) return dim.value();
  return to_string(dim);
}

Dim dim_from_json(const JsonView& json, SymbolTable& symbols) {
  if (json.is_integer()) return json.integer();
  std::string text = json.string(kMostExpression);
  auto known = symbols.expressions.find(text);
  if (known != symbols.expressions.end()) return known->second;
  symbols.budget.take(text.size() * kExpressionBytes);
  Dim dim = parse_dim(text, symbols.names);
  if (symbols.names.size() > kMostSymbols)
    raise(ErrorKind::kValue, "more than ", kMostSymbols, " names of sizes");
  return symbols.expressions[std::move(text)] = dim;
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

Attrs attrs_from_json(const JsonView& json, const OpDef& op, int version, SymbolTable& symbols) {
  if (!op.attrs) return Attrs();
  std::vector<std::pair<std::string, AttrValue>> values;
  static const FieldInfo unknown{};
  for (const auto& [key, value] : json.members()) {
    if (values.size() == kMostFields) raise(ErrorKind::kValue, "more than ", kMostFields, " attributes");
    std::string name = key.string(kMostText);
    const FieldInfo* field = op.attrs->find(name);
    values.emplace_back(std::move(name), value_from_json(value, field ? *field : unknown, symbols));
  }
  if (version < op.version && op.upgrade) op.upgrade(version, values);
  return parse_attrs(op.name, *op.attrs, values);
}

}  // namespace miai
