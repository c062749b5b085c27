// An operator that a plugin registers, as we keep it, and how its callbacks are called.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "graph/ops/op_def.h"
#include "graph/plugin/include/miai/plugin.h"
#include "kernels/common/error.h"
#include "kernels/common/kernel.h"

namespace miai::plugin {

struct PluginOp {
  miai_operator callbacks{};  // its texts and lists are the plugin's: not read after registration
  OpDef definition;           // without infer
  std::string name;
  std::shared_ptr<const AttrsType> attrs;
};
using PluginOpPtr = std::shared_ptr<const PluginOp>;

/// Checks what the plugin gave and copies it. Raises ValueError or TypeError.
std::shared_ptr<PluginOp> make_plugin_op(const miai_operator& op);
/// What the tables of operators and kernels get; both share the plugin's operator.
OpDef definition_of(const PluginOpPtr& op);
Kernel make_plugin_kernel(const PluginOpPtr& op);

/// The functions that callbacks are given.
const miai_host_api& host_api();

/// What a gradient callback works on; filled by graph/autodiff, which the SDK does not link.
struct GradientCall {
  Vars inputs{}, outputs{}, out_grads{};
  std::vector<TensorType> input_types{};
  std::vector<bool> present{}, needs{};
  Vars gradients{};  // the result, beside the inputs
};
void call_gradient(const PluginOp& op, const Attrs& attrs, GradientCall& call);

/// The exception for a status that a plugin gave.
ErrorKind kind_of(miai_status status);

}  // namespace miai::plugin
