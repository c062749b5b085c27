// A Function: a static program over tensors, in static single assignment. Values are written once; state is
// read at the start and written at the end.
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/ir/tensor_type.h"
#include "graph/ops/op_def.h"

namespace miai {

class Function;
struct Node;

/// Host bytes of a constant: dense, row-major, 64-byte aligned; owned by whoever made it (a mapped file, a
/// tensor).
struct ConstantData {
  std::shared_ptr<const void> data;
  size_t bytes = 0;
};
/// A constant that owns a copy of these bytes.
ConstantData copy_constant(const void* host_data, size_t bytes);

struct Value {
  int id = 0;  // unique in the function; %id in the text
  TensorType type;
  Node* producer = nullptr;  // nullptr: input, state or constant
  int output_index = 0;      // of the producer
  std::string name;          // of an input, state or constant; may be empty
  std::optional<ConstantData> constant;
};

/// Where in the user's program an operator was called: "train.py:17".
using UserLine = std::string;

struct Node {
  const OpDef* op = nullptr;
  Attrs attrs;                 // dims may be symbolic
  std::vector<Value*> inputs;  // nullptr: absent optional
  std::vector<Value*> outputs;
  std::vector<std::shared_ptr<Function>> bodies;  // of control-flow operators
  UserLine line;
  /// In a recording, of an operator that is known to this process alone: values that a file has in place of
  /// the outputs. Passes leave them out.
  std::vector<Value*> lowered{};
};

/// A state: read as `input`, and, if `output` is set, written with it when the step commits.
struct State {
  std::string name;         // "fc.weight"; shared between functions of a model by name
  Value* input = nullptr;   // nullptr: written only
  Value* output = nullptr;  // nullptr: read only
};

/// A condition on sizes that a recorded comparison relied on: a == b was `holds`.
struct DimCondition {
  Dim a, b;
  bool holds = true;
};

class Function {
 public:
  explicit Function(std::string name = "main") : name(std::move(name)) {}
  Function(const Function&) = delete;
  Function& operator=(const Function&) = delete;

  std::string name;
  std::vector<Value*> inputs;
  std::vector<Value*> outputs;
  std::vector<std::string> output_names;  // beside outputs; empty: "output0", ...
  std::vector<State> states;
  std::vector<Node*> nodes;  // in an order in which they can run
  std::vector<DimCondition> conditions;

  Value* add_input(const TensorType& type, std::string name);
  Value* add_constant(const TensorType& type, ConstantData data, std::string name = "");
  /// A state read at the start.
  Value* add_state(const TensorType& type, std::string name);
  /// Appends a node; its outputs are inferred. Optional inputs that are left out at the end become absent
  /// ones.
  Node* add_node(const OpDef& op, const Attrs& attrs, std::vector<Value*> inputs, UserLine line = {});
  /// Appends a node with these output types (a parser or pass that knows them).
  Node* add_node(const OpDef& op, const Attrs& attrs, std::vector<Value*> inputs,
                 const std::vector<TensorType>& outputs, UserLine line = {});
  std::vector<Value*> constants() const;

  /// A deep copy; values keep their ids. Values that nothing reads or writes any more are left out.
  std::shared_ptr<Function> clone() const;
  /// All ids are below this.
  int value_count() const { return next_id_; }
  /// Gives a value another id (the parser reads ids); the caller keeps them unique.
  void set_id(Value* value, int id);

 private:
  Value* make_value(const TensorType& type);
  int next_id_ = 0;
  std::deque<Value> values_;  // stable addresses
  std::deque<Node> storage_;
};
using FunctionPtr = std::shared_ptr<Function>;

/// Readers of each value, by id: nodes in order (a node that reads it twice is listed twice).
std::vector<std::vector<Node*>> users_of(const Function& function);

/// Emits operators as nodes of a function.
class GraphEmitter : public Emitter {
 public:
  explicit GraphEmitter(Function& function) : function_(function) {}
  Vars emit(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) override;
  Var constant(const TensorType& type, const void* host_data) override;
  Function& function() const { return function_; }
  Var wrap(Value* value);
  Value* unwrap(const Var& var) const;  // nullptr for an empty Var
  UserLine line;                        // given to the nodes made from now on

 private:
  Function& function_;
};

/// The textual form, which the parser reads back:
///   func @main(%0 x: float32[n0, 3]) state(%1 w: float32[3, 4] -> %3) {
///     %2 = matmul(%0, %1) {transpose_b=True}: float32[n0, 4]  # train.py:17
///     return %2 as output0
///   }
std::string to_text(const Function& function);
/// Reads the textual form; constants of more than a few elements cannot be read from text. Raises ValueError
/// with the line.
FunctionPtr parse_function(std::string_view text);

/// Raises RuntimeError naming the first thing that is wrong: a value used before it is written, a type that
/// infer does not give, a state written twice, a foreign value. Runs between passes in debug builds and
/// tests.
void verify(const Function& function);

}  // namespace miai
