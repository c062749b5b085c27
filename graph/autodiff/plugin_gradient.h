// Gradients of operators that plugins register.
#pragma once
#include "graph/plugin/plugin_op.h"

namespace miai {

void add_plugin_gradient(const plugin::PluginOpPtr& op);

}  // namespace miai
