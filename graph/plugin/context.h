// The context of one callback: what the host's functions read and write.
#pragma once
#include <deque>
#include <utility>

#include "graph/plugin/plugin_op.h"
#include "kernels/common/attrs/runtime_attrs.h"

struct miai_var {
  miai::Var var;
};

struct miai_context {
  const miai::plugin::PluginOp* op = nullptr;  // nullptr: miai_plugin_init
  std::string_view name, what;                 // of the operator or file; "infer"
  const miai::Attrs* attrs = nullptr;
  miai::InferContext* infer = nullptr;
  miai::plugin::GradientCall* gradient = nullptr;
  const miai::KernelContext* kernel = nullptr;
  std::deque<miai_var> vars{};                                     // that a gradient has handles of
  miai::Vars emitted{};                                            // by the last emit
  std::optional<std::pair<miai::ErrorKind, std::string>> error{};  // the first

  void keep(miai::ErrorKind kind, std::string message) {
    if (!error) error.emplace(kind, std::move(message));
  }
  miai_var* handle(const miai::Var& var) { return var ? &vars.emplace_back(miai_var{var}) : nullptr; }
};

namespace miai::plugin {

/// Calls `body`, which gives a status; raises what it or a function of the host reported.
template <class Body>
void call_plugin(miai_context& c, Body&& body) {
  miai_status status = MIAI_OK;
  try {
    status = body();
  } catch (const std::exception& error) {
    c.keep(ErrorKind::kRuntime, std::string("its ") + std::string(c.what) + " threw: " + error.what());
  } catch (...) {
    c.keep(ErrorKind::kRuntime, "its " + std::string(c.what) + " threw an exception");
  }
  if (status != MIAI_OK && !c.error)
    c.keep(kind_of(status), "its " + std::string(c.what) + " failed with status " +
                                std::to_string(static_cast<int>(status)) + " and no message");
  if (c.error) raise(c.error->first, c.name, ": ", c.error->second);
}

}  // namespace miai::plugin
