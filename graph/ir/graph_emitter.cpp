// The emitter that records operators as nodes.
#include <algorithm>
#include <cstring>
#include <new>

#include "graph/ir/function.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

class GraphVar : public VarBase {
 public:
  explicit GraphVar(Value* value) : value(value) {}
  TensorType type() const override { return value->type; }
  Value* value;
};

}  // namespace

Var GraphEmitter::wrap(Value* value) { return value ? Var(make_intrusive<GraphVar>(value)) : Var(); }

Value* GraphEmitter::unwrap(const Var& var) const {
  if (!var) return nullptr;
  const auto* graph_var = dynamic_cast<const GraphVar*>(var.get());
  if (!graph_var) raise(ErrorKind::kRuntime, "a tensor of another emitter was used while building a graph");
  return graph_var->value;
}

Vars GraphEmitter::emit(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  std::vector<Value*> values;
  for (const Var& var : inputs) values.push_back(unwrap(var));
  const Node* node = function_.add_node(op, attrs, std::move(values), line);
  Vars outputs;
  for (Value* value : node->outputs) outputs.push_back(wrap(value));
  return outputs;
}

Var GraphEmitter::constant(const TensorType& type, const void* host_data) {
  return wrap(function_.add_constant(
      type, copy_constant(host_data, static_cast<size_t>(element_count(static_shape(type.shape))) *
                                         dtype_size(type.dtype))));
}

ConstantData copy_constant(const void* host_data, size_t bytes) {
  constexpr std::align_val_t kAlign{64};
  std::shared_ptr<void> memory(::operator new(std::max<size_t>(bytes, 1), kAlign),
                               [](void* p) { ::operator delete(p, kAlign); });
  if (bytes) std::memcpy(memory.get(), host_data, bytes);
  return {std::move(memory), bytes};
}

}  // namespace miai
