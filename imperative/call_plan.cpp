#include "imperative/call_plan.h"

#include <array>
#include <new>
#include <unordered_map>

#include "kernels/common/deterministic.h"
#include "runtime/backend.h"

namespace miai {
namespace {

size_t hash_meta(const TensorMeta& meta) {
  size_t seed = static_cast<size_t>(meta.dtype) + 31u * static_cast<size_t>(meta.rank());
  for (int i = 0; i < meta.rank(); ++i)
    seed = hash_combine(seed, static_cast<size_t>(meta.shape[i]) * 0x9e3779b97f4a7c15ull +
                                  static_cast<size_t>(meta.strides[i]));
  return seed;
}

size_t hash_call(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  size_t seed = hash_combine(reinterpret_cast<size_t>(&op) >> 4, attrs.hash());
  for (const Var& input : inputs) seed = hash_combine(seed, input ? hash_meta(eager(input).ref.meta) : 7);
  return seed;
}

bool matches(const CallPlan& plan, const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  if (plan.op != &op || plan.inputs.size() != inputs.size()) return false;
  if (plan.deterministic != is_deterministic()) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) {
      if (plan.inputs[i].present) return false;
      continue;
    }
    const TensorRef& ref = eager(inputs[i]).ref;
    if (!(ref.meta == plan.inputs[i]) || !(ref.device() == plan.devices[i])) return false;
  }
  return (attrs.empty() && plan.attrs.empty()) || attrs == plan.attrs;
}

void choose(CallPlan& plan) {
  const Backend& backend = miai::backend(plan.device.kind);
  KernelCall call = kernel_call(*plan.op, plan.attrs, plan.inputs, plan.outputs);
  const KernelTable& table = backend.kernels();
  if (plan.op->lower && table.find(backend.kernel_kind, call.op).empty()) {
    plan.is_composite = true;
    return;
  }
  plan.kernel_attrs = call.attrs;
  plan.choice =
      choose_kernel(table, {call.op, plan.inputs, plan.outputs, plan.kernel_attrs, backend.kernel_kind});
}

std::shared_ptr<const CallPlan> make_plan(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  auto plan = std::make_shared<CallPlan>();
  plan->op = &op;
  plan->attrs = attrs;
  plan->deterministic = is_deterministic();
  std::vector<TensorType> types(inputs.size());
  std::vector<const TensorType*> pointers(inputs.size(), nullptr);
  for (size_t i = 0; i < inputs.size(); ++i) {
    TensorMeta absent;
    absent.present = false;
    plan->inputs.push_back(inputs[i] ? eager(inputs[i]).ref.meta : absent);
    plan->devices.push_back(inputs[i] ? eager(inputs[i]).ref.device() : Device{});
    if (!inputs[i]) continue;
    types[i] = eager(inputs[i]).concrete_type();
    pointers[i] = &types[i];
  }
  std::vector<TensorType> outputs = infer_outputs(op, attrs, pointers);
  for (const TensorType& type : outputs)
    plan->outputs.push_back(dense_meta(type.dtype, static_shape(type.shape)));
  plan->device = outputs.empty() ? Device{} : outputs[0].device;
  if (op.view) plan->view = op.view(plan->inputs[0], attrs, plan->outputs[0].shape);
  if (plan->view || op.name == "to_device") return plan;
  try {
    choose(*plan);
  } catch (const std::bad_alloc&) {
    raise(ErrorKind::kMemory, op.name, ": out of memory while a kernel was prepared");
  }
  return plan;
}

/// A small direct-mapped cache before a larger table.
class PlanCache {
 public:
  std::shared_ptr<const CallPlan> find(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
    size_t hash = hash_call(op, attrs, inputs);
    auto& front = front_[hash % kFront];
    if (front && matches(*front, op, attrs, inputs)) return front;
    auto [it, end] = table_.equal_range(hash);
    for (; it != end; ++it)
      if (matches(*it->second, op, attrs, inputs)) return front = it->second;
    if (table_.size() >= kMost) table_.clear();
    front = make_plan(op, attrs, inputs);
    table_.emplace(hash, front);
    return front;
  }
  void clear() {
    front_ = {};
    table_.clear();
  }

 private:
  static constexpr size_t kFront = 256, kMost = 8192;
  std::array<std::shared_ptr<const CallPlan>, kFront> front_;
  std::unordered_multimap<size_t, std::shared_ptr<const CallPlan>> table_;
};

PlanCache& plan_cache() {
  thread_local PlanCache cache;
  return cache;
}

}  // namespace

std::shared_ptr<const CallPlan> find_plan(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  return plan_cache().find(op, attrs, inputs);
}

void clear_plans() { plan_cache().clear(); }

}  // namespace miai
