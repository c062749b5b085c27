#include "graph/plugin/load.h"

#include <dlfcn.h>

#include <filesystem>
#include <map>
#include <mutex>

#include "graph/ops/tables.h"
#include "graph/plugin/context.h"
#include "graph/plugin/host_functions.h"
#include "kernels/common/kernel_table.h"

namespace miai {
namespace plugin {
namespace {

/// What one miai_plugin_init has asked for so far.
struct Loading {
  miai_context context;
  std::vector<std::shared_ptr<PluginOp>> ops{};
};
thread_local Loading* g_loading = nullptr;

using Library = std::shared_ptr<void>;

Library open_library(const std::string& path) {
  // An absolute path: dlopen looks for a bare name in the system's folders.
  void* handle = ::dlopen(std::filesystem::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) raise(ErrorKind::kIo, "cannot load plugin '", path, "': ", ::dlerror());
  return {handle, [](void* held) { ::dlclose(held); }};
}

void call_init(const std::string& path, const Library& library, Loading& loading) {
  using Init = miai_status (*)(const miai_host_api*);
  auto init = reinterpret_cast<Init>(::dlsym(library.get(), "miai_plugin_init"));
  if (!init) raise(ErrorKind::kIo, "cannot load plugin '", path, "': it exports no miai_plugin_init");
  g_loading = &loading;
  struct Leave {
    ~Leave() { g_loading = nullptr; }
  } leave;
  call_plugin(loading.context, [&] { return init(&host_api()); });
}

/// All or none: only the table of operators can refuse.
std::vector<std::string> publish(const std::vector<std::shared_ptr<PluginOp>>& ops,
                                 PluginGradients gradients) {
  std::vector<OpDef> definitions;
  std::vector<std::string> names;
  for (const auto& op : ops) {
    definitions.push_back(definition_of(op));
    names.push_back(op->name);
  }
  OpTable::global().add_all(std::move(definitions));
  for (const auto& op : ops) {
    KernelTable::global().add(make_plugin_kernel(op));
    if (gradients && op->callbacks.gradient) gradients(op);
  }
  return names;
}

/// Libraries that have registered operators; they stay open for the life of the process.
struct Loaded {
  std::mutex mutex;  // one library is loaded at a time
  std::map<Library, std::vector<std::string>> names;
};
Loaded& loaded() {
  static auto* const all = new Loaded;  // NOLINT: operators outlive static objects
  return *all;
}

}  // namespace

miai_context* loading_context() { return g_loading ? &g_loading->context : nullptr; }

miai_status register_operator(const miai_operator* op) {
  if (!g_loading) return MIAI_RUNTIME_ERROR;
  miai_context* c = &g_loading->context;
  return kept(c, MIAI_VALUE_ERROR, [&] {
    g_loading->ops.push_back(make_plugin_op(*op));
    return MIAI_OK;
  });
}

}  // namespace plugin

std::vector<std::string> load_plugin(const std::string& path, PluginGradients gradients) {
  using namespace plugin;
  Loaded& all = loaded();
  std::lock_guard lock(all.mutex);
  const Library library = open_library(path);  // the same handle for the same file
  for (const auto& [known, names] : all.names)
    if (known.get() == library.get()) return names;
  const std::string name = "plugin '" + path + "'";
  Loading loading{{.name = name, .what = "miai_plugin_init"}};
  call_init(path, library, loading);
  return all.names[library] = publish(loading.ops, gradients);
}

}  // namespace miai
