#include <map>
#include <sstream>

#include "graph/passes/pass.h"
#include "graph/passes/rebuild.h"

namespace miai {
namespace {

struct Call {
  const OpDef* op;
  const Attrs* attrs;
  std::vector<Value*> inputs;
  friend bool operator==(const Call& a, const Call& b) {
    return a.op == b.op && a.inputs == b.inputs && *a.attrs == *b.attrs;
  }
};

struct CallHash {
  size_t operator()(const Call& call) const {
    size_t seed = hash_combine(std::hash<const void*>{}(call.op), call.attrs->hash());
    for (const Value* value : call.inputs) seed = hash_combine(seed, std::hash<const void*>{}(value));
    return seed;
  }
};

/// Equal small constants, found by their bytes.
class Constants {
 public:
  const Value* first_like(const Value* value) {
    constexpr size_t kLargest = 256;
    if (!value || !value->constant || value->constant->bytes > kLargest) return value;
    std::ostringstream type;
    type << value->type;
    std::string bytes(static_cast<const char*>(value->constant->data.get()), value->constant->bytes);
    return seen_.try_emplace({type.str(), std::move(bytes)}, value).first->second;
  }

 private:
  std::map<std::pair<std::string, std::string>, const Value*> seen_;
};

bool may_share(const Node& node) { return !node.op->random && !node.op->effect && node.bodies.empty(); }

}  // namespace

FunctionPtr share_common(const Function& function, const PassOptions&) {
  Rebuild rebuild(function);
  Constants constants;
  std::unordered_map<Call, const Node*, CallHash> seen;
  for (const Node* node : function.nodes) {
    for (const Value* value : node->inputs)
      if (const Value* first = constants.first_like(value); first != value)
        rebuild.replace(value, rebuild(first));
    if (!may_share(*node)) {
      rebuild.copy(*node);
      continue;
    }
    Call call{node->op, &node->attrs, {}};
    for (const Value* value : node->inputs) call.inputs.push_back(rebuild(value));
    auto [it, is_new] = seen.try_emplace(std::move(call), node);
    if (is_new) {
      rebuild.copy(*node);
    } else {
      for (size_t i = 0; i < node->outputs.size(); ++i)
        rebuild.replace(node->outputs[i], rebuild(it->second->outputs[i]));
    }
  }
  return rebuild.finish();
}

}  // namespace miai
