#include <set>
#include <sstream>

#include "graph/ir/condition_guard.h"
#include "graph/ir/function.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

class Verifier {
 public:
  explicit Verifier(const Function& function) : f_(function), guard_(function) {}

  void run() {
    for (const Value* value : f_.inputs) declare(value, "input");
    for (const State& state : f_.states)
      if (state.input) declare(state.input, "state '" + state.name + "'");
    for (const Value* value : f_.constants()) constant(*value);
    for (const Node* node : f_.nodes) this->node(*node);
    for (const Value* value : f_.outputs) check_defined(value, "the outputs");
    states();
    if (!f_.output_names.empty() && f_.output_names.size() != f_.outputs.size())
      fail("there are ", f_.outputs.size(), " outputs and ", f_.output_names.size(), " names of outputs");
  }

 private:
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    raise(ErrorKind::kRuntime, "function '", f_.name, "' is not valid: ", parts...);
  }

  void declare(const Value* value, const std::string& what) {
    if (!value) fail("a ", what, " is missing");
    if (value->producer)
      fail("%", value->id, " is ", what, " and also an output of ", value->producer->op->name);
    define(value);
  }
  void define(const Value* value) {
    if (value->id < 0 || value->id >= f_.value_count()) fail("%", value->id, " has an id out of range");
    if (!ids_.insert(value->id).second) fail("%", value->id, " is written twice");
    defined_.insert(value);
  }
  void constant(const Value& value) {
    declare(&value, "constant");
    if (!is_static(value.type.shape))
      fail("constant %", value.id, " has the dynamic shape ", value.type.shape);
    size_t bytes =
        static_cast<size_t>(element_count(static_shape(value.type.shape))) * dtype_size(value.type.dtype);
    if (value.constant->bytes != bytes)
      fail("constant %", value.id, " has ", value.constant->bytes, " bytes, ", value.type, " needs ", bytes);
  }
  void check_defined(const Value* value, const std::string& where) const {
    if (!value) fail(where, " hold a missing value");
    if (defined_.count(value)) return;
    if (ids_.count(value->id)) fail(where, " read %", value->id, " of another function");
    fail(where, " read %", value->id, " before it is written");
  }

  void node(const Node& node) {
    std::string where = "the inputs of " + node.op->name + (node.line.empty() ? "" : " (" + node.line + ")");
    std::vector<const TensorType*> types;
    for (const Value* value : node.inputs) {
      if (value) check_defined(value, where);
      types.push_back(value ? &value->type : nullptr);
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const Value* value = node.outputs[i];
      if (value->producer != &node || value->output_index != static_cast<int>(i))
        fail("%", value->id, " does not name ", node.op->name, " as its producer");
      define(value);
    }
    for (const auto& body : node.bodies) verify(*body);
    check_types(node, infer(node, types));
  }

  std::vector<TensorType> infer(const Node& node, const std::vector<const TensorType*>& types) const {
    try {
      return infer_outputs(*node.op, node.attrs, types);
    } catch (const Error& error) {
      fail(node.op->name, " of ",
           node.outputs.empty() ? "no output" : "%" + std::to_string(node.outputs[0]->id),
           " is refused: ", error.what());
    }
  }
  void check_types(const Node& node, const std::vector<TensorType>& inferred) const {
    if (inferred.size() != node.outputs.size())
      fail(node.op->name, " has ", node.outputs.size(), " outputs, infer gives ", inferred.size());
    for (size_t i = 0; i < inferred.size(); ++i)
      if (!(inferred[i] == node.outputs[i]->type))
        fail("%", node.outputs[i]->id, " = ", node.op->name, " is declared ", node.outputs[i]->type,
             ", infer gives ", inferred[i]);
  }

  void states() const {
    std::set<std::string> names;
    for (const State& state : f_.states) {
      if (!names.insert(state.name).second) fail("state '", state.name, "' is listed twice");
      if (!state.input && !state.output) fail("state '", state.name, "' is neither read nor written");
      if (state.output) check_defined(state.output, "the states");
      if (state.input && state.output && state.input->type.dtype != state.output->type.dtype)
        fail("state '", state.name, "' is ", state.input->type, " and written as ", state.output->type);
    }
  }

  const Function& f_;
  ConditionGuard guard_;
  std::set<const Value*> defined_;
  std::set<int> ids_;
};

}  // namespace

void verify(const Function& function) { Verifier(function).run(); }

}  // namespace miai
