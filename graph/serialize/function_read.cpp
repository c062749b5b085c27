#include <algorithm>
#include <charconv>
#include <climits>
#include <unordered_map>
#include <unordered_set>

#include "graph/ops/tables.h"
#include "graph/serialize/attrs_json.h"
#include "graph/serialize/function_json.h"

namespace miai {
namespace {

constexpr size_t kMostText = 4096;     // bytes of a name
constexpr size_t kMostInputs = 65536;  // of a node
constexpr size_t kMostConditions = 4096;
// What things cost in memory at most, with their entries in the tables of the reader and the verifier.
constexpr size_t kValueBytes = 640, kNodeBytes = 1024, kInputBytes = 192, kStateBytes = 1024;

class FunctionReader {
 public:
  FunctionReader(const JsonView& json, const FindTensor& find, Budget& budget)
      : json_(json), find_(find), budget_(budget), symbols_{budget} {}

  FunctionPtr read() {
    function_ = std::make_shared<Function>(text(json_.at("name")));
    for (const auto& item : list(json_, "inputs")) {
      const TensorType input = type(item.value);
      define(item.value, function_->add_input(input, name_of(item.value)));
    }
    for (const auto& item : list(json_, "states")) read_state(item.value);
    for (const auto& item : list(json_, "constants")) read_constant(item.value);
    for (const auto& item : list(json_, "conditions")) read_condition(item.value);
    for (const auto& item : list(json_, "nodes")) read_node(item.value);
    for (const auto& item : list(json_, "outputs")) read_output(item.value);
    for (auto [state, id] : written_) function_->states[state].output = value(id);
    verify(*function_);
    return function_;
  }

 private:
  TensorType type(const JsonView& item) {
    TensorType type;
    std::optional<DType> dtype = dtype_from_name(text(item.at("dtype")));
    if (!dtype) raise(ErrorKind::kValue, "unknown dtype ", item.at("dtype").excerpt());
    type.dtype = *dtype;
    for (const auto& size : list(item, "shape")) {
      type.shape.push_back(dim_from_json(size.value, symbols_));
      if (type.shape.back().is_static() && type.shape.back().value() < 0)
        raise(ErrorKind::kValue, "a negative size");
    }
    check_size(type);
    if (auto device = item.find("device")) type.device = parse_device(text(*device));
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

  static std::string text(const JsonView& json) { return json.string(kMostText); }
  static JsonView::Range list(const JsonView& item, const char* key) { return item.at(key).items(); }
  static int id_of(const JsonView& json) {
    const int64_t id = json.integer();
    if (id < -1 || id > INT_MAX - 1) raise(ErrorKind::kValue, "value ", id, " cannot be");
    return static_cast<int>(id);
  }
  static std::string name_of(const JsonView& item) {
    auto name = item.find("name");
    return name ? text(*name) : std::string();
  }

  void define(const JsonView& item, Value* value) {
    budget_.take(kValueBytes);
    if (!values_.emplace(id_of(item.at("id")), value).second)
      raise(ErrorKind::kValue, "value ", item.at("id").excerpt(), " is defined twice");
  }

  Value* value(int id) {
    auto it = values_.find(id);
    if (it == values_.end()) raise(ErrorKind::kValue, "value ", id, " is used before it is defined");
    return it->second;
  }

  void read_state(const JsonView& item) {
    budget_.take(kStateBytes);
    const std::string name = text(item.at("name"));
    if (auto input = item.find("input")) {
      const TensorType state = type(*input);
      define(*input, function_->add_state(state, name));
    } else {
      function_->states.push_back({name, nullptr, nullptr});
    }
    if (auto output = item.find("output"))
      written_.emplace_back(function_->states.size() - 1, id_of(*output));
  }

  void read_condition(const JsonView& item) {
    if (function_->conditions.size() == kMostConditions)
      raise(ErrorKind::kValue, "more than ", kMostConditions, " conditions on sizes");
    function_->conditions.push_back({dim_from_json(item.at("a"), symbols_),
                                     dim_from_json(item.at("b"), symbols_), item.at("holds").boolean()});
  }

  void read_output(const JsonView& item) {
    budget_.take(kInputBytes);
    function_->outputs.push_back(value(id_of(item.at("id"))));
    function_->output_names.push_back(text(item.at("name")));
    if (!output_names_.insert(function_->output_names.back()).second)
      raise(ErrorKind::kValue, "two outputs are named ", item.at("name").excerpt());
  }

  ConstantData inline_data(std::string_view hex, size_t bytes) {
    if (hex.size() != bytes * 2) raise(ErrorKind::kValue, "a constant's data does not fit its shape");
    std::shared_ptr<void> data = aligned_bytes(bytes);
    for (size_t i = 0; i < bytes; ++i) {
      auto* byte = static_cast<unsigned char*>(data.get()) + i;
      const char* end = hex.data() + 2 * i + 2;
      if (std::from_chars(end - 2, end, *byte, 16).ptr != end)
        raise(ErrorKind::kValue, "a constant's data is not hexadecimal");
    }
    return {data, bytes};
  }

  void read_constant(const JsonView& item) {
    const TensorType constant = type(item);
    HostTensor expected{"", constant.dtype, static_shape(constant.shape), nullptr};
    if (auto hex = item.find("hex")) {
      const std::string_view digits = hex->raw();
      if (element_count(expected.shape) > static_cast<int64_t>(digits.size()))
        raise(ErrorKind::kValue, "a constant's data does not fit its shape");
      ConstantData data = inline_data(digits, expected.bytes());
      check_bools(constant.dtype, data);
      return define(item, function_->add_constant(constant, data, name_of(item)));
    }
    const JsonView name = item.at("tensor");
    std::optional<HostTensor> tensor = find_(text(name));
    if (!tensor) raise(ErrorKind::kValue, "constant ", name.excerpt(), " is not in the file");
    if (tensor->dtype != expected.dtype || !(tensor->shape == expected.shape))
      raise(ErrorKind::kValue, "constant ", name.excerpt(), " has another dtype or shape");
    define(item, function_->add_constant(constant, {tensor->data, tensor->bytes()}, name_of(item)));
  }

  static void check_bools(DType dtype, const ConstantData& constant) {
    const auto* bytes = static_cast<const unsigned char*>(constant.data.get());
    if (dtype == DType::kBool && std::any_of(bytes, bytes + constant.bytes, [](auto b) { return b > 1; }))
      raise(ErrorKind::kValue, "a constant has a bool that is neither 0 nor 1");
  }

  const OpDef& operator_of(const std::string& name, int64_t version) {
    const OpDef* op = OpTable::global().find(name);
    if (!op)
      raise(
          ErrorKind::kValue, "operator '", name, "' (version ", version,
          ") is not known: load the plugin that has it (miai-run --plugin FILE, miai_load_plugin), or take a "
          "newer miai");
    if (version < 1 || version > op->version)
      raise(ErrorKind::kValue, "operator '", name, "' has version ", version, ", this version of miai knows ",
            op->version);
    return *op;
  }

  void read_node(const JsonView& item) {
    budget_.take(kNodeBytes);
    auto given = item.find("version");
    const int64_t version = given ? given->integer() : 1;
    const OpDef& op = operator_of(text(item.at("op")), version);
    static const JsonView none = JsonView::parse("{}");
    Attrs attrs = attrs_from_json(item.find("attrs").value_or(none), op, static_cast<int>(version), symbols_);
    std::vector<Value*> inputs;
    for (const auto& id : list(item, "inputs")) {
      budget_.take(kInputBytes);
      if (inputs.size() == kMostInputs) raise(ErrorKind::kValue, "more than ", kMostInputs, " inputs");
      const int input = id_of(id.value);
      inputs.push_back(input == -1 ? nullptr : value(input));
    }
    std::vector<TensorType> types;
    for (const auto& output : list(item, "outputs")) {
      budget_.take(kValueBytes);
      types.push_back(type(output.value));
    }
    auto line = item.find("line");
    Node* node = function_->add_node(op, attrs, std::move(inputs), types, line ? text(*line) : std::string());
    size_t i = 0;
    for (const auto& output : list(item, "outputs")) define(output.value, node->outputs[i++]);
  }

  const JsonView json_;
  const FindTensor& find_;
  Budget& budget_;
  FunctionPtr function_;
  SymbolTable symbols_;
  std::unordered_map<int, Value*> values_;
  std::unordered_set<std::string> output_names_;
  std::vector<std::pair<size_t, int>> written_;  // state, value that it becomes
};

}  // namespace

FunctionPtr function_from_json(const JsonView& json, const FindTensor& find, Budget& budget,
                               const std::string& place) {
  try {
    return FunctionReader(json, find, budget).read();
  } catch (const Error& fault) {
    if (fault.kind() == ErrorKind::kMemory) throw;
    raise(ErrorKind::kIo, place, ": damaged function: ", fault.what());
  }
}

}  // namespace miai
