#include "graph/passes/evaluate.h"

#include <algorithm>
#include <new>

#include "graph/ops/pointwise.h"
#include "kernels/common/error.h"
#include "kernels/common/kernel_table.h"

namespace miai {
namespace {

bool is_static_on_cpu(const Value* value) {
  return !value || (is_static(value->type.shape) && value->type.device == Device{});
}

TensorView view_of(const Value* value, void* data) {
  TensorView view;
  view.present = value != nullptr;
  if (value) static_cast<TensorMeta&>(view) = dense_meta(value->type.dtype, static_shape(value->type.shape));
  view.data = data;
  return view;
}

std::shared_ptr<void> aligned_bytes(size_t bytes) {
  constexpr std::align_val_t kAlign{64};
  return {::operator new(std::max<size_t>(bytes, 1), kAlign), [](void* p) { ::operator delete(p, kAlign); }};
}

void run(const OpDef& op, const Attrs& attrs, const std::vector<TensorView>& inputs,
         const std::vector<TensorView>& outputs) {
  std::vector<TensorMeta> in(inputs.begin(), inputs.end()), out(outputs.begin(), outputs.end());
  KernelCall call = kernel_call(op, attrs, in, out);
  KernelChoice choice =
      choose_kernel(KernelTable::global(), {call.op, in, out, call.attrs, DeviceKind::kCpu});
  std::shared_ptr<void> workspace = aligned_bytes(choice.prepared.workspace_bytes);
  KernelContext context;
  choice.kernel->run({call.attrs, choice.prepared.state.get(), inputs, outputs, workspace.get(), context});
}

void run_node(const Node& node, const std::vector<TensorView>& inputs,
              const std::vector<TensorView>& outputs) {
  std::optional<ViewSpec> view;
  if (node.op->is_view()) view = node.op->view(inputs[0], node.attrs, outputs[0].shape);
  if (!view) return run(*node.op, node.attrs, inputs, outputs);
  TensorView part = inputs[0];
  part.shape = view->shape;
  part.strides = view->strides;
  part.data = part.as<char>() + view->offset * static_cast<int64_t>(dtype_size(part.dtype));
  run(find_op("copy"), {}, {part}, outputs);
}

}  // namespace

std::optional<std::vector<ConstantData>> evaluate_node(const Node& node) {
  if (!std::all_of(node.inputs.begin(), node.inputs.end(), is_static_on_cpu) ||
      !std::all_of(node.outputs.begin(), node.outputs.end(), is_static_on_cpu) || is_symbolic(node.attrs))
    return std::nullopt;
  std::vector<TensorView> inputs, outputs;
  std::vector<ConstantData> results;
  for (const Value* value : node.inputs)
    inputs.push_back(view_of(value, value ? const_cast<void*>(value->constant->data.get()) : nullptr));
  for (const Value* value : node.outputs) {
    size_t bytes = byte_size(view_of(value, nullptr));
    std::shared_ptr<void> memory = aligned_bytes(bytes);
    outputs.push_back(view_of(value, memory.get()));
    results.push_back({std::move(memory), bytes});
  }
  try {
    run_node(node, inputs, outputs);
  } catch (const Error&) {
    return std::nullopt;
  }
  return results;
}

}  // namespace miai
