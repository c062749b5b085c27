#include "graph/compile/compiled_function.h"

#include <algorithm>
#include <sstream>

#include "graph/compile/concrete_sizes.h"
#include "graph/compile/explain.h"
#include "kernels/common/deterministic.h"
#include "kernels/common/error.h"
#include "runtime/backend.h"
#include "runtime/copy.h"

namespace miai {
namespace {

/// The constant's bytes where the device reads them: shared if the host's memory will do.
TensorRef upload(const Value& value) {
  TensorRef ref;
  ref.meta = dense_meta(value.type.dtype, static_shape(value.type.shape));
  const ConstantData& constant = *value.constant;
  if (backend(value.type.device.kind).host_readable) {
    auto release = [data = constant.data] {};
    ref.storage =
        Storage::import(value.type.device, const_cast<void*>(constant.data.get()), constant.bytes, release);
    return ref;
  }
  ref.storage = Storage::allocate(value.type.device, constant.bytes);
  write_from_host(constant.data.get(), ref);
  return ref;
}

}  // namespace

CompiledFunction::CompiledFunction(FunctionPtr function, const CompileOptions& options)
    : function_(std::move(function)), main_(function_), options_(options) {
  if (options_.opt_level >= 1) {
    SplitFunction split = split_prepare(function_);
    main_ = split.main;
    if (split.prepare) {
      CompileOptions as_it_is = options_;
      as_it_is.opt_level = 0;
      as_it_is.memory_limit = 0;
      as_it_is.recomputes_cheaply = false;
      prepare_ = std::make_unique<PreparePart>(std::make_shared<CompiledFunction>(split.prepare, as_it_is),
                                               std::move(split.states));
    }
  }
  for (const Value* value : main_->constants()) {
    constant_index_[value] = static_cast<int>(constants_.size());
    constants_.push_back(upload(*value));
  }
}

KernelTimes* CompiledFunction::times() const {
  if (!options_.fast_run || options_.opt_level < 2 || options_.observed || is_deterministic()) return nullptr;
  return options_.kernel_times ? options_.kernel_times : &KernelTimes::global();
}

std::shared_ptr<const Plan> CompiledFunction::make_plan(const std::vector<TensorMeta>& inputs,
                                                        const std::vector<TensorMeta>& states) const {
  SymbolValues sizes = solve_sizes(*main_, inputs, states);
  bool chooses = options_.opt_level >= 2 && !options_.observed;
  Draft draft = draft_plan({*main_, sizes, inputs, states, constant_index_, chooses,
                            options_.opt_level >= 1 && !options_.observed, times()});
  copy_partial_results(draft);
  if (!options_.observed) form_commit_section(draft);
  bool saves_memory = options_.memory_limit > 0 || options_.recomputes_cheaply;
  if (saves_memory) draft.times = times();  // else nothing asks what takes how long
  if (saves_memory && options_.opt_level >= 1 && !options_.observed) save_compactly(draft);
  auto finish = [&](Draft steps) {
    place_results(steps);
    if (options_.opt_level >= 1) write_parts_in_place(steps);
    if (!options_.observed) reuse_dying_inputs(steps);
    std::shared_ptr<Plan> plan = finish_plan(steps);
    if (times()) times()->save();
    plan->constants = constants_;
    plan->inputs = inputs;
    plan->deterministic = is_deterministic();
    plan->states = states;
    for (const Value* value : main_->inputs) plan->input_devices.push_back(value->type.device);
    for (const State& state : main_->states)
      plan->state_devices.push_back((state.input ? state.input : state.output)->type.device);
    return plan;
  };
  if (options_.memory_limit == 0)
    return options_.recomputes_cheaply ? plan_cheaply(draft, finish) : finish(std::move(draft));
  return plan_within(draft, options_.memory_limit, main_->name, finish);
}

std::shared_ptr<const Plan> CompiledFunction::plan(const std::vector<TensorMeta>& inputs,
                                                   const std::vector<TensorMeta>& states) {
  std::lock_guard lock(mutex_);
  auto it = std::find_if(plans_.begin(), plans_.end(),
                         [&](const auto& plan) { return plan->fits(inputs, states); });
  if (it != plans_.end()) {
    plans_.splice(plans_.begin(), plans_, it);
    return plans_.front();
  }
  plans_.push_front(make_plan(inputs, states));
  if (plans_.size() > static_cast<size_t>(std::max(options_.plan_limit, 1))) plans_.pop_back();
  return plans_.front();
}

std::shared_ptr<const Plan> CompiledFunction::plan(const std::vector<Shape>& input_shapes) {
  std::vector<TensorMeta> inputs, states;
  for (size_t i = 0; i < input_shapes.size(); ++i) {
    DType dtype = i < main_->inputs.size() ? main_->inputs[i]->type.dtype : DType::kFloat32;
    inputs.push_back(dense_meta(dtype, input_shapes[i]));
  }
  for (const State& state : main_->states) {
    TensorMeta absent;
    absent.present = false;
    states.push_back(state.input ? dense_meta(state.input->type.dtype, static_shape(state.input->type.shape))
                                 : absent);
  }
  return plan(inputs, states);
}

MemoryReport CompiledFunction::memory_report(const std::vector<Shape>& input_shapes) {
  MemoryReport report = report_memory(*plan(input_shapes));
  report.limit_bytes = options_.memory_limit;
  return report;
}

std::string CompiledFunction::explain(const std::vector<Shape>& input_shapes) {
  std::string text;
  if (prepare_) text = "prepare:\n" + prepare_->executable().explain({}) + "step:\n";
  return text + explain_plan(*plan(input_shapes));
}

}  // namespace miai
