#include "imperative/dispatch.h"

#include <sstream>

#include "graph/autodiff/backward.h"
#include "imperative/anomaly.h"
#include "imperative/call_plan.h"
#include "imperative/deferred.h"
#include "imperative/dtr.h"
#include "imperative/profile.h"
#include "imperative/recording.h"
#include "imperative/tape.h"
#include "runtime/backend.h"
#include "runtime/copy.h"
#include "runtime/launch.h"

namespace miai {
namespace {

UserLineFn g_user_line = nullptr;

class EagerEmitter : public Emitter {
 public:
  Vars emit(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) override {
    return dispatch(op, attrs, inputs);
  }
  Var constant(const TensorType& type, const void* data) override {
    ValuePtr value = value_from_host(type.dtype, static_shape(type.shape), type.device, data);
    if (Recording* recording = Recording::current()) recording->record_constant(*value);
    return to_var(value);
  }
};

Var make_view(const CallPlan& plan, const Var& input) {
  const TensorRef& from = eager(input).ref;
  TensorRef ref;
  ref.meta.dtype = plan.outputs[0].dtype;
  ref.meta.shape = plan.view->shape;
  ref.meta.strides = plan.view->strides;
  ref.storage = from.storage;
  ref.byte_offset = from.byte_offset + plan.view->offset * static_cast<int64_t>(dtype_size(from.meta.dtype));
  return to_var(make_intrusive<EagerValue>(std::move(ref)));
}

Vars run_composite(const CallPlan& plan, std::span<const Var> inputs) {
  RecordingPause pause;
  NoGradScope no_grad;
  EmitterScope scope(&eager_emitter());
  try {
    return plan.op->lower(inputs, plan.attrs);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    raise(error.kind(), plan.op->name, ": ",
          error.what());  // the operator that was called, then the one within
  }
}

/// Views and storages of a call's operands; room for the common case on the stack.
class Operands {
 public:
  explicit Operands(size_t count) : count_(count) {
    if (count <= kInline) return;
    heap_views_.resize(count);
    heap_storages_.resize(count);
  }
  void set(size_t i, const TensorRef& ref) {
    views()[i] = ref.view();
    storages()[i] = ref.storage.get();
  }
  void set_absent(size_t i) { views()[i].present = false; }
  std::span<const TensorView> view_span() { return {views(), count_}; }
  std::span<Storage* const> storage_span() { return {storages(), count_}; }

 private:
  TensorView* views() { return heap_views_.empty() ? views_ : heap_views_.data(); }
  Storage** storages() { return heap_storages_.empty() ? storages_ : heap_storages_.data(); }
  static constexpr size_t kInline = 4;
  size_t count_;
  TensorView views_[kInline];
  Storage* storages_[kInline] = {};
  std::vector<TensorView> heap_views_;
  std::vector<Storage*> heap_storages_;
};

/// Memory of a call; where there is none, the error names the operator.
IntrusivePtr<Storage> allocate_for(const CallPlan& plan, size_t bytes) {
  try {
    return Storage::allocate(plan.device, bytes);
  } catch (const Error& error) {
    raise(error.kind(), plan.op->name, ": ", error.what());
  }
}

Vars run_kernel(const CallPlan& plan, std::span<const Var> inputs) {
  Operands in(inputs.size()), out(plan.outputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i]) {
      in.set(i, eager(inputs[i]).ref);
    } else {
      in.set_absent(i);
    }
  }
  Vars outputs;
  outputs.reserve(plan.outputs.size());
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    ValuePtr value = make_intrusive<EagerValue>(
        TensorRef{plan.outputs[i], allocate_for(plan, byte_size(plan.outputs[i])), 0});
    out.set(i, value->ref);
    outputs.push_back(to_var(value));
  }
  IntrusivePtr<Storage> workspace;
  if (plan.choice.prepared.workspace_bytes)
    workspace = allocate_for(plan, plan.choice.prepared.workspace_bytes);
  auto line = [] { return current_user_line(); };
  launch(default_stream(plan.device),
         {plan.op->name, plan.choice.kernel, plan.kernel_attrs, plan.choice.prepared.state, in.view_span(),
          out.view_span(), in.storage_span(), out.storage_span(), workspace.get(), line});
  return outputs;
}

Vars run_device_copy(const CallPlan& plan, const Var& input) {
  Var source = input;
  if (!plan.inputs[0].is_dense())
    source = dispatch_unrecorded(find_op("copy"), Attrs(), std::span(&input, 1))[0];
  keep_resident(*eager(source).ref.storage);  // the other device's queue reads it
  TensorRef out{plan.outputs[0], allocate_for(plan, byte_size(plan.outputs[0])), 0};
  copy_tensor(eager(source).ref, out, [] { return current_user_line(); });
  return {to_var(make_intrusive<EagerValue>(std::move(out)))};
}

Vars run_planned(const CallPlan& plan, std::span<const Var> inputs) {
  return plan.choice.kernel ? run_kernel(plan, inputs) : run_device_copy(plan, inputs[0]);
}

/// In line: this is every eager call's way.
[[gnu::always_inline]] inline Vars run_watched(const CallPlan& plan, std::span<const Var> inputs) {
  Profile* profile = Profile::current();
  Vars outputs =
      profile ? profile->record(plan, [&] { return run_planned(plan, inputs); }) : run_planned(plan, inputs);
  if (plan.choice.kernel && anomaly_detection() != Anomalies::kNone)
    check_anomalies(*plan.op, inputs, outputs);
  return outputs;
}

/// While values may be missing: the inputs stay, and the results may be made again, or later.
[[gnu::noinline]] Vars run_evictable(const std::shared_ptr<const CallPlan>& plan,
                                     std::span<const Var> inputs) {
  if (may_defer(*plan)) return defer_call(plan, inputs);
  std::vector<Pin> pins;
  for (const Var& input : inputs)
    if (input) pins.emplace_back(eager(input));
  Vars outputs = run_watched(*plan, inputs);
  remember_call(plan, inputs, outputs);
  return outputs;
}

Vars execute(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  std::shared_ptr<const CallPlan> plan = find_plan(op, attrs, inputs);
  if (plan->view) return {make_view(*plan, inputs[0])};
  if (plan->is_composite) return run_composite(*plan, inputs);
  return dtr_in_use() ? run_evictable(plan, inputs) : run_watched(*plan, inputs);
}

/// The lowering once more, seen by the recording and by no tape.
void record_lowered(Recording& recording, const OpDef& op, const Attrs& attrs, std::span<const Var> inputs,
                    const Vars& outputs) {
  NoGradScope no_grad;
  EmitterScope scope(&eager_emitter());
  Vars lowered = op.lower(inputs, attrs);
  recording.record_lowered(op, attrs, inputs, outputs, lowered, find_plan(op, attrs, inputs)->is_composite);
}

}  // namespace

Vars dispatch_unrecorded(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  return execute(op, attrs, inputs);
}

Vars dispatch(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  Recording* recording = Recording::current();
  Vars outputs = execute(op, recording ? recording->concrete(attrs) : attrs, inputs);
  if (recording && op.lowers_eagerly) {
    record_lowered(*recording, op, attrs, inputs, outputs);
  } else if (recording) {
    recording->record(op, attrs, inputs, outputs);
  }
  record_on_tapes(op, attrs, inputs, outputs);
  return outputs;
}

Emitter& eager_emitter() {
  static EagerEmitter emitter;
  return emitter;
}

void set_user_line_source(UserLineFn source) { g_user_line = source; }
std::string current_user_line() {
  std::string line = g_user_line ? g_user_line() : std::string();
  const OpRecord* record = record_in_backward();
  if (!record || record->line.empty() || record->line == line) return line;
  return record->line + ", backward from " + line;
}

std::string explain_call(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) {
  std::shared_ptr<const CallPlan> plan = find_plan(op, attrs, inputs);
  std::ostringstream text;
  text << op.name << ": ";
  if (plan->view) {
    text << "a view";
  } else if (plan->is_composite) {
    text << "lowered to other operators";
  } else if (plan->choice.kernel) {
    text << plan->choice.kernel->name;
    for (const Refusal& refusal : plan->choice.refusals)
      text << "\n  not " << refusal.kernel << ": " << refusal.reason;
  } else {
    text << "a copy between devices";
  }
  return text.str();
}

}  // namespace miai
