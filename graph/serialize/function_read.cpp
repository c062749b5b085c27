#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "graph/ops/tables.h"
#include "graph/serialize/attrs_json.h"
#include "graph/serialize/function_json.h"

namespace miai {
namespace {

using Json = nlohmann::ordered_json;

class FunctionReader {
 public:
  FunctionReader(const Json& json, const FindTensor& find) : json_(json), find_(find) {}

  FunctionPtr read() {
    function_ = std::make_shared<Function>(json_.at("name").get<std::string>());
    for (const Json& item : json_.at("inputs")) define(item, function_->add_input(type(item), name_of(item)));
    for (const Json& item : json_.at("states")) read_state(item);
    for (const Json& item : json_.at("constants")) read_constant(item);
    for (const Json& item : json_.at("conditions"))
      function_->conditions.push_back({dim_from_json(item.at("a"), symbols_),
                                       dim_from_json(item.at("b"), symbols_), item.at("holds").get<bool>()});
    for (const Json& item : json_.at("nodes")) read_node(item);
    for (const Json& item : json_.at("outputs")) {
      function_->outputs.push_back(value(item.at("id").get<int>()));
      function_->output_names.push_back(item.at("name").get<std::string>());
    }
    for (auto [state, id] : written_) function_->states[state].output = value(id);
    verify(*function_);
    return function_;
  }

 private:
  TensorType type(const Json& item) {
    TensorType type;
    std::optional<DType> dtype = dtype_from_name(item.at("dtype").get<std::string>());
    if (!dtype) raise(ErrorKind::kValue, "unknown dtype ", item.at("dtype").dump());
    type.dtype = *dtype;
    for (const Json& size : item.at("shape")) {
      type.shape.push_back(dim_from_json(size, symbols_));
      if (type.shape.back().is_static() && type.shape.back().value() < 0)
        raise(ErrorKind::kValue, "a negative size");
    }
    check_size(type);
    if (item.contains("device")) type.device = parse_device(item.at("device").get<std::string>());
    return type;
  }

  /// The product of the static sizes must stay far below where arithmetic wraps, zeros or not.
  static void check_size(const TensorType& type) {
    int64_t product = 1;
    for (Dim size : type.shape)
      if (size.is_static() &&
          (__builtin_mul_overflow(product, std::max<int64_t>(size.value(), 1), &product) ||
           product > (int64_t{1} << 48)))
        raise(ErrorKind::kValue, "impossible shape ", type.shape);
  }

  static std::string name_of(const Json& item) { return item.value("name", std::string()); }

  void define(const Json& item, Value* value) {
    if (!values_.emplace(item.at("id").get<int>(), value).second)
      raise(ErrorKind::kValue, "value ", item.at("id").dump(), " is defined twice");
  }

  Value* value(int id) {
    auto it = values_.find(id);
    if (it == values_.end()) raise(ErrorKind::kValue, "value ", id, " is used before it is defined");
    return it->second;
  }

  void read_state(const Json& item) {
    const std::string name = item.at("name").get<std::string>();
    if (item.contains("input")) {
      define(item.at("input"), function_->add_state(type(item.at("input")), name));
    } else {
      function_->states.push_back({name, nullptr, nullptr});
    }
    if (item.contains("output"))
      written_.emplace_back(function_->states.size() - 1, item.at("output").get<int>());
  }

  ConstantData inline_data(const std::string& hex, size_t bytes) {
    if (hex.size() != bytes * 2) raise(ErrorKind::kValue, "a constant's data does not fit its shape");
    std::shared_ptr<void> data = aligned_bytes(bytes);
    for (size_t i = 0; i < bytes; ++i) {
      size_t used = 0;
      static_cast<unsigned char*>(data.get())[i] =
          static_cast<unsigned char>(std::stoi(hex.substr(2 * i, 2), &used, 16));
      if (used != 2) raise(ErrorKind::kValue, "a constant's data is not hexadecimal");
    }
    return {data, bytes};
  }

  void read_constant(const Json& item) {
    TensorType constant = type(item);
    HostTensor expected{"", constant.dtype, static_shape(constant.shape), nullptr};
    if (item.contains("hex")) {
      const std::string hex = item.at("hex").get<std::string>();
      if (element_count(expected.shape) > static_cast<int64_t>(hex.size()))
        raise(ErrorKind::kValue, "a constant's data does not fit its shape");
      return define(item,
                    function_->add_constant(constant, inline_data(hex, expected.bytes()), name_of(item)));
    }
    const std::string name = item.at("tensor").get<std::string>();
    const HostTensor* tensor = find_(name);
    if (!tensor) raise(ErrorKind::kValue, "constant '", name, "' is not in the file");
    if (tensor->dtype != expected.dtype || !(tensor->shape == expected.shape))
      raise(ErrorKind::kValue, "constant '", name, "' has another dtype or shape");
    define(item, function_->add_constant(constant, {tensor->data, tensor->bytes()}, name_of(item)));
  }

  void read_node(const Json& item) {
    const std::string name = item.at("op").get<std::string>();
    const int version = item.value("version", 1);
    const OpDef* op = OpTable::global().find(name);
    if (!op)
      raise(ErrorKind::kValue, "operator '", name, "' (version ", version,
            ") is not known to this version of miai");
    if (version > op->version)
      raise(ErrorKind::kValue, "operator '", name, "' has version ", version, ", this version of miai knows ",
            op->version);
    static const Json none = Json::object();
    Attrs attrs = attrs_from_json(item.contains("attrs") ? item.at("attrs") : none, *op, version, symbols_);
    std::vector<Value*> inputs;
    for (const Json& id : item.at("inputs"))
      inputs.push_back(id.get<int>() == -1 ? nullptr : value(id.get<int>()));
    std::vector<TensorType> types;
    for (const Json& output : item.at("outputs")) types.push_back(type(output));
    Node* node = function_->add_node(*op, attrs, std::move(inputs), std::move(types),
                                     item.value("line", std::string()));
    size_t i = 0;
    for (const Json& output : item.at("outputs")) define(output, node->outputs[i++]);
  }

  const Json& json_;
  const FindTensor& find_;
  FunctionPtr function_;
  SymbolTable symbols_;
  std::unordered_map<int, Value*> values_;
  std::vector<std::pair<size_t, int>> written_;  // state, value that it becomes
};

}  // namespace

FunctionPtr function_from_json(const Json& json, const FindTensor& find, const std::string& place) {
  try {
    return FunctionReader(json, find).read();
  } catch (const nlohmann::json::exception& fault) {
    raise(ErrorKind::kIo, place, ": damaged function: ", fault.what());
  } catch (const std::logic_error& fault) {  // std::stoi
    raise(ErrorKind::kIo, place, ": damaged function: ", fault.what());
  } catch (const Error& fault) {
    raise(ErrorKind::kIo, place, ": damaged function: ", fault.what());
  }
}

}  // namespace miai
