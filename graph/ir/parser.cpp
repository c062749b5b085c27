// Reads what printer.cpp writes:
//   function  = "func" "@" name "(" [value ("," value)*] ")" ["state" "(" [state ("," state)*] ")"] "{" line*
//   "}" value     = %id [name] ":" type state     = (value | "none" name) ["->" %id] line      = "require"
//   dim ("==" | "!=") dim | "const" value "=" "[" elements "]" | node | return node      = [ids "="] op "("
//   (%id | "none"), ... ")" ["{" attrs "}"] [":" types] ["do" function* "end"] ["# line"] return    =
//   "return" [%id ["as" name] ("," ...)*] type      = dtype "[" dims "]" ["@" device]
#include <charconv>
#include <unordered_map>

#include "graph/ir/constant_text.h"
#include "graph/ir/function.h"
#include "graph/ir/text_reader.h"
#include "graph/ops/tables.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

using Symbols = std::unordered_map<std::string, Dim>;

Dims parse_dims(const std::vector<std::string>& items, Symbols& symbols) {
  Dims dims;
  for (const std::string& item : items) dims.push_back(parse_dim(item, symbols));
  return dims;
}

template <class T>
std::optional<T> number_in(std::string_view text) {
  T value{};
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc() && end == text.data() + text.size()) return value;
  return std::nullopt;
}

template <class T>
T parse_number(std::string_view text) {
  if (std::optional<T> value = number_in<T>(text)) return *value;
  raise(ErrorKind::kValue, "expected a number, got '", text, "'");
}

std::vector<std::string> list_items(std::string_view text) {
  TextReader reader(text);
  reader.expect("[");
  return reader.items(']');
}

AttrValue parse_value(AttrKind kind, std::string_view text, Symbols& symbols) {
  if (text == "None") return {};
  switch (kind) {
    case AttrKind::kBool:
      if (text != "True" && text != "False")
        raise(ErrorKind::kValue, "expected True or False, got '", text, "'");
      return text == "True";
    case AttrKind::kInt:
      return parse_number<int64_t>(text);
    case AttrKind::kFloat:
      return parse_number<double>(text);
    case AttrKind::kString:
      return unquote(text);
    case AttrKind::kDType:
    case AttrKind::kDevice:
      return std::string(text);
    case AttrKind::kDim:
      return AttrTraits<Dim>::to_value(parse_dim(text, symbols));
    case AttrKind::kInts:
    case AttrKind::kPair: {
      Ints ints;
      for (const std::string& item : list_items(text)) ints.push_back(parse_number<int64_t>(item));
      return ints;
    }
    case AttrKind::kNumber:
      if (std::optional<double> number = number_in<double>(text)) return *number;
      return AttrTraits<Dim>::to_value(parse_dim(text, symbols));
    case AttrKind::kDims:
      break;
  }
  return AttrTraits<Dims>::to_value(parse_dims(list_items(text), symbols));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text) {}

  FunctionPtr parse() {
    try {
      FunctionPtr f = function();
      if (!in_.at_end()) in_.fail("the end of the text");
      return f;
    } catch (const Error& error) {
      if (std::string_view(error.what()).starts_with("line ")) throw;
      in_.fail_at_line(error.what());
    }
  }

 private:
  using Values = std::unordered_map<int, Value*>;

  FunctionPtr function() {
    in_.expect("func");
    in_.expect("@");
    auto f = std::make_shared<Function>(in_.name());
    Values values;
    in_.expect("(");
    while (!in_.take(")")) {
      if (!f->inputs.empty()) in_.expect(",");
      Declared d = declaration();
      define(*f, values, d.id, f->add_input(d.type, d.name));
    }
    std::vector<int> state_outputs = states(*f, values);
    in_.expect("{");
    while (!in_.take_word("return")) line(*f, values);
    returns(*f, values);
    in_.expect("}");
    for (size_t i = 0; i < state_outputs.size(); ++i)
      if (state_outputs[i] >= 0) f->states[i].output = find(values, state_outputs[i]);
    return f;
  }

  struct Declared {
    int id;
    std::string name;
    TensorType type;
  };
  Declared declaration() {
    Declared d;
    d.id = id();
    if (!in_.next_is(":")) d.name = in_.name();
    in_.expect(":");
    d.type = type();
    return d;
  }

  std::vector<int> states(Function& f, Values& values) {
    std::vector<int> outputs;
    if (!in_.take_word("state")) return outputs;
    in_.expect("(");
    while (!in_.take(")")) {
      if (!f.states.empty()) in_.expect(",");
      if (in_.take_word("none")) {
        f.states.push_back({in_.name(), nullptr, nullptr});
      } else {
        Declared d = declaration();
        define(f, values, d.id, f.add_state(d.type, d.name));
      }
      outputs.push_back(in_.take("->") ? id() : -1);
    }
    return outputs;
  }

  void line(Function& f, Values& values) {
    if (in_.take_word("require")) {
      Dim a = parse_dim(in_.until("=!\n"), symbols_);
      bool holds = in_.take("==");
      if (!holds) in_.expect("!=");
      f.conditions.push_back({a, parse_dim(in_.until("\n}"), symbols_), holds});
    } else if (in_.take_word("const")) {
      Declared d = declaration();
      in_.expect("=");
      in_.expect("[");
      define(f, values, d.id, f.add_constant(d.type, parse_constant(d.type, in_.items(']')), d.name));
    } else {
      node(f, values);
    }
  }

  void node(Function& f, Values& values) {
    std::vector<int> ids;
    if (in_.next_is("%")) {
      do ids.push_back(id());
      while (in_.take(","));
      in_.expect("=");
    }
    const OpDef& op = find_op(in_.name());
    in_.expect("(");
    std::vector<Value*> inputs;
    for (const std::string& item : in_.items(')')) inputs.push_back(operand(values, item));
    Attrs attrs = in_.take("{") ? this->attrs(op) : default_attrs(op);
    std::vector<TensorType> types;
    if (in_.take(":")) {
      do types.push_back(type());
      while (in_.take(","));
    }
    if (types.size() != ids.size()) in_.fail_at_line("a node has as many types as outputs");
    Node* node = f.add_node(op, attrs, std::move(inputs), types);
    for (size_t i = 0; i < ids.size(); ++i) define(f, values, ids[i], node->outputs[i]);
    if (in_.take_word("do"))
      while (!in_.take_word("end")) node->bodies.push_back(function());
    node->line = in_.comment();
  }

  static Attrs default_attrs(const OpDef& op) {
    return op.attrs ? parse_attrs(op.name, *op.attrs, {}) : Attrs();
  }
  Attrs attrs(const OpDef& op) {
    std::vector<std::pair<std::string, AttrValue>> fields;
    while (!in_.take("}")) {
      if (!fields.empty()) in_.expect(",");
      std::string name = in_.name();
      const FieldInfo* info = op.attrs ? op.attrs->find(name) : nullptr;
      if (!info) in_.fail_at_line(op.name + " has no attribute '" + name + "'");
      in_.expect("=");
      fields.emplace_back(name, parse_value(info->kind, in_.until(",}"), symbols_));
    }
    return op.attrs ? parse_attrs(op.name, *op.attrs, fields) : Attrs();
  }

  void returns(Function& f, const Values& values) {
    while (in_.next_is("%")) {
      f.outputs.push_back(find(values, id()));
      if (in_.take_word("as")) f.output_names.push_back(in_.name());
      if (!in_.take(",")) break;
    }
  }

  int id() {
    in_.expect("%");
    int id = in_.integer();
    if (id < 0 || id > kMaxId) in_.fail_at_line("value number out of range");
    return id;
  }
  void define(Function& f, Values& values, int id, Value* value) {
    if (!values.emplace(id, value).second) in_.fail_at_line("%" + std::to_string(id) + " is defined twice");
    f.set_id(value, id);
  }
  Value* find(const Values& values, int id) const {
    auto it = values.find(id);
    if (it == values.end()) in_.fail_at_line("%" + std::to_string(id) + " is used before it is defined");
    return it->second;
  }
  Value* operand(const Values& values, std::string_view text) const {
    if (text == "none") return nullptr;
    if (!text.starts_with('%')) in_.fail_at_line("expected an operand, got '" + std::string(text) + "'");
    return find(values, parse_number<int>(text.substr(1)));
  }

  TensorType type() {
    TensorType type;
    std::string name = in_.name();
    std::optional<DType> dtype = dtype_from_name(name);
    if (!dtype) in_.fail_at_line("expected a dtype, got '" + name + "'");
    type.dtype = *dtype;
    in_.expect("[");
    type.shape = parse_dims(in_.items(']'), symbols_);
    if (in_.take("@")) {
      std::string device = in_.name();
      if (in_.take(":")) device += ":" + std::to_string(in_.integer());
      type.device = parse_device(device);
    }
    return type;
  }

  static constexpr int kMaxId = 1 << 24;
  TextReader in_;
  Symbols symbols_;
};

}  // namespace

FunctionPtr parse_function(std::string_view text) { return Parser(text).parse(); }

}  // namespace miai
