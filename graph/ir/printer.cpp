// Functions as text. The grammar is in parser.cpp.
#include <sstream>

#include "graph/ir/constant_text.h"
#include "graph/ir/function.h"

namespace miai {
namespace {

bool is_plain_name(std::string_view name) {
  if (name.empty() || name == "none") return false;
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (!is_letter(name[0])) return false;
  for (char c : name)
    if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '.' && c != '/') return false;
  return true;
}

std::string name_text(const std::string& name) {
  if (is_plain_name(name)) return name;
  std::ostringstream quoted;
  quoted << AttrValue(name);
  return quoted.str();
}

class Printer {
 public:
  Printer(std::ostream& out, std::string indent) : out_(out), indent_(std::move(indent)) {}

  void print(const Function& f) {
    out_ << indent_ << "func @" << name_text(f.name) << '(';
    list(f.inputs, [&](const Value* value) { declaration(*value); });
    out_ << ')';
    if (!f.states.empty()) {
      out_ << " state(";
      list(f.states, [&](const State& state) { this->state(state); });
      out_ << ')';
    }
    out_ << " {\n";
    for (const DimCondition& c : f.conditions)
      out_ << indent_ << "  require " << c.a << (c.holds ? " == " : " != ") << c.b << '\n';
    for (const Value* value : f.constants()) constant(*value);
    for (const Node* node : f.nodes) this->node(*node);
    returns(f);
    out_ << indent_ << "}\n";
  }

 private:
  template <class Items, class Print>
  void list(const Items& items, Print&& print) {
    bool first = true;
    for (const auto& item : items) {
      out_ << (first ? "" : ", ");
      print(item);
      first = false;
    }
  }
  void reference(const Value* value) {
    if (!value) {
      out_ << "none";
    } else {
      out_ << '%' << value->id;
    }
  }
  void declaration(const Value& value) {
    reference(&value);
    if (!value.name.empty()) out_ << ' ' << name_text(value.name);
    out_ << ": " << value.type;
  }
  void state(const State& state) {
    if (state.input) {
      reference(state.input);
      out_ << ' ' << name_text(state.name) << ": " << state.input->type;
    } else {
      out_ << "none " << name_text(state.name);
    }
    if (!state.output) return;
    out_ << " -> ";
    reference(state.output);
  }
  void constant(const Value& value) {
    out_ << indent_ << "  const ";
    declaration(value);
    out_ << " = " << constant_text(value.type, *value.constant) << '\n';
  }
  void node(const Node& node) {
    out_ << indent_ << "  ";
    list(node.outputs, [&](const Value* value) { reference(value); });
    out_ << (node.outputs.empty() ? "" : " = ") << node.op->name << '(';
    list(node.inputs, [&](const Value* value) { reference(value); });
    out_ << ')';
    std::ostringstream attrs;
    attrs << node.attrs;
    if (!attrs.str().empty()) out_ << " {" << attrs.str() << '}';
    if (!node.outputs.empty()) out_ << ": ";
    list(node.outputs, [&](const Value* value) { out_ << value->type; });
    if (!node.bodies.empty()) {
      out_ << " do\n";
      for (const auto& body : node.bodies) Printer(out_, indent_ + "    ").print(*body);
      out_ << indent_ << "  end";
    }
    if (!node.line.empty()) out_ << "  # " << node.line;
    out_ << '\n';
  }
  void returns(const Function& f) {
    out_ << indent_ << "  return";
    for (size_t i = 0; i < f.outputs.size(); ++i) {
      out_ << (i ? ", " : " ");
      reference(f.outputs[i]);
      if (i < f.output_names.size()) out_ << " as " << name_text(f.output_names[i]);
    }
    out_ << '\n';
  }

  std::ostream& out_;
  std::string indent_;
};

}  // namespace

std::string to_text(const Function& function) {
  std::ostringstream out;
  Printer(out, "").print(function);
  return out.str();
}

}  // namespace miai
