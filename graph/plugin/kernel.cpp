// A plugin's kernel among ours.
#include <array>

#include "graph/plugin/host_functions.h"
#include "kernels/common/parallel.h"

namespace miai::plugin {
namespace {

/// Operands as the plugin sees them; on the stack, since a running kernel allocates nothing.
class Views {
 public:
  template <class Metas>
  explicit Views(const Metas& metas) {
    size_t i = 0;
    for (const auto& meta : metas) set(views_[i++], meta);
  }
  const miai_view* data() const { return views_.data(); }

 private:
  static void set(miai_view& view, const TensorMeta& meta) {
    view.present = meta.present;
    view.dtype = static_cast<miai_dtype>(meta.dtype);
    view.rank = meta.rank();
    std::copy(meta.shape.begin(), meta.shape.end(), view.shape);
    std::copy(meta.strides.begin(), meta.strides.end(), view.strides);
  }
  static void set(miai_view& view, const TensorView& tensor) {
    set(view, static_cast<const TensorMeta&>(tensor));
    view.data = tensor.data;
  }
  std::array<miai_view, MIAI_PLUGIN_MAX_OPERANDS> views_{};
};

/// What prepare made.
struct State {
  PluginOpPtr op;
  miai_prepared prepared{};
  explicit State(PluginOpPtr op) : op(std::move(op)) {}
  ~State() {
    if (prepared.release) prepared.release(prepared.state);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Support supports(const PluginOp& op, const KernelSignature& signature) {
  if (!op.callbacks.supports) return Support::yes();
  miai_context c{.op = &op, .name = op.name, .what = "supports", .attrs = &signature.attrs};
  const Views inputs(signature.inputs), outputs(signature.outputs);
  try {
    call_plugin(c, [&] { return op.callbacks.supports(&host_api(), &c, inputs.data(), outputs.data()); });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotImplemented) throw;
    return Support::no(c.error->second);
  }
  return Support::yes();
}

Prepared prepare(const PluginOpPtr& op, const KernelSignature& signature) {
  auto state = std::make_shared<State>(op);
  if (op->callbacks.prepare) {
    miai_context c{.op = op.get(), .name = op->name, .what = "prepare", .attrs = &signature.attrs};
    const Views inputs(signature.inputs), outputs(signature.outputs);
    call_plugin(c, [&] {
      return op->callbacks.prepare(&host_api(), &c, inputs.data(), outputs.data(), &state->prepared);
    });
  }
  const size_t workspace = state->prepared.workspace_bytes;
  return {std::move(state), workspace};
}

void run(const KernelArgs& args) {
  const auto& state = args.state_as<State>();
  const PluginOp& op = *state.op;
  miai_context c{.op = &op, .name = op.name, .what = "run", .attrs = &args.attrs, .kernel = &args.context};
  const Views inputs(args.inputs), outputs(args.outputs);
  const miai_kernel_call call{inputs.data(), outputs.data(), state.prepared.state, args.workspace};
  call_plugin(c, [&] { return op.callbacks.run(&host_api(), &c, &call); });
}

void parallel_for(miai_context* c, int64_t begin, int64_t end, int64_t grain,
                  void (*body)(int64_t begin, int64_t end, void* data), void* data) {
  kept(c, 0, [&] {
    miai::parallel_for(begin, end, grain, [&](int64_t from, int64_t to) { body(from, to, data); });
    return 0;
  });
}

}  // namespace

void fill_kernel_functions(miai_host_api& api) {
  api.dtype_size = [](miai_dtype dtype) -> size_t {
    return dtype < MIAI_BOOL || dtype > MIAI_FLOAT64 ? 0 : dtype_size(static_cast<DType>(dtype));
  };
  api.parallel_for = parallel_for;
  api.cancelled = [](miai_context* c) { return int32_t{c->kernel && c->kernel->is_cancelled()}; };
}

Kernel make_plugin_kernel(const PluginOpPtr& op) {
  Kernel kernel;
  kernel.op = op->name;
  kernel.name = "plugin/" + op->name;
  kernel.supports = [op](const KernelSignature& signature) { return supports(*op, signature); };
  kernel.prepare = [op](const KernelSignature& signature) { return prepare(op, signature); };
  kernel.run = run;
  return kernel;
}

}  // namespace miai::plugin
