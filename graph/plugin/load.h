// Loading a plugin: a shared library whose operators join ours.
#pragma once
#include <string>
#include <vector>

#include "graph/plugin/plugin_op.h"

struct miai_context;

namespace miai {

/// Told of each operator that has a gradient; nullptr: gradients are not wanted (the SDK).
using PluginGradients = void (*)(const plugin::PluginOpPtr& op);

/// Names of the operators that the library registered, in its order. A library that is loaded already is not
/// called again. Raises OSError if it cannot be loaded, and what its miai_plugin_init reported; then nothing
/// is registered.
std::vector<std::string> load_plugin(const std::string& path, PluginGradients gradients);

namespace plugin {

/// Of the miai_plugin_init that this thread is in; nullptr: none.
miai_context* loading_context();
miai_status register_operator(const miai_operator* op);

}  // namespace plugin
}  // namespace miai
