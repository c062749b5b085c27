#include <algorithm>
#include <atomic>
#include <deque>
#include <new>

#include "graph/compile/compiled_function.h"
#include "kernels/common/error.h"
#include "runtime/allocator.h"

namespace miai {
namespace {

TensorMeta plan_meta(const TensorRef& ref, const std::string& function, const char* what, size_t index) {
  if (!ref) raise(ErrorKind::kValue, function, ": ", what, " ", index, " is missing");
  TensorMeta meta = ref.meta;
  if (meta.is_dense()) meta.strides = dense_strides(meta.shape);
  return meta;
}

std::vector<Device> devices_of(const Plan& plan) {
  std::vector<Device> devices;
  for (const Base& base : plan.bases)
    if (std::find(devices.begin(), devices.end(), base.device) == devices.end())
      devices.push_back(base.device);
  return devices;
}

class BusyScope {
 public:
  BusyScope(std::atomic<bool>& busy, const std::string& function) : busy_(busy) {
    if (busy_.exchange(true))
      raise(ErrorKind::kRuntime, function,
            ": this execution is running in another thread; make one a thread");
  }
  ~BusyScope() { busy_ = false; }
  BusyScope(const BusyScope&) = delete;
  BusyScope& operator=(const BusyScope&) = delete;

 private:
  std::atomic<bool>& busy_;
};

}  // namespace

struct Planned {
  std::unique_ptr<PlanExecutor> executor;
  int64_t real_peak = 0;  // of the first run; 0: there was none
};

struct Execution::Impl {
  std::shared_ptr<CompiledFunction> executable;
  Arenas arenas;
  std::vector<Planned> executors;  // most recently used last
  InstructionObserver* observer = nullptr;
  std::atomic<bool> busy{false};
  std::vector<TensorMeta> inputs, states;  // of this run; kept for their memory

  std::shared_ptr<const PreparedValues> prepared;
  std::vector<StateSlot> slots;  // the caller's states, then the prepared values

  const Function& function() const { return executable->function(); }

  void read_metas(const std::vector<TensorRef>& tensors, const std::vector<StateSlot>& slots) {
    const std::string& name = function().name;
    if (slots.size() != function().states.size())
      raise(ErrorKind::kType, name, ": expected ", function().states.size(), " states, got ", slots.size());
    inputs.clear();
    states.clear();
    for (size_t i = 0; i < tensors.size(); ++i) inputs.push_back(plan_meta(tensors[i], name, "input", i));
    for (size_t i = 0; i < slots.size(); ++i) {
      TensorMeta absent;
      absent.present = false;
      states.push_back(function().states[i].input ? plan_meta(slots[i].value, name, "state", i) : absent);
    }
  }

  /// Adds what the prepare part makes of the states; the caller's states come first.
  void add_prepared(std::vector<StateSlot>& callers) {
    PreparePart* part = executable->prepare_part();
    if (!part) return;
    take_prepared(part->get(prepared, callers), callers);
    for (const TensorRef& value : prepared->values) states.push_back(value.meta);
  }

  void take_prepared(std::shared_ptr<const PreparedValues> values, const std::vector<StateSlot>& callers) {
    prepared = std::move(values);
    slots.assign(callers.begin(), callers.end());
    for (const TensorRef& value : prepared->values) slots.push_back({value, false, prepared->from->serial});
  }

  /// Gives up prepared values that the plan reads in packed form alone: they are large, and quickly made
  /// again for another plan.
  void give_up_unread(const PlanExecutor& executor, size_t callers) {
    if (!executor.plan().packed) return;
    std::vector<size_t> unread;
    for (size_t i = 0; i < prepared->values.size(); ++i)
      if (prepared->values[i] && !executor.reads_state(static_cast<int>(callers + i))) unread.push_back(i);
    if (unread.empty()) return;
    auto rest = std::make_shared<PreparedValues>(*prepared);
    Device device = prepared->values[unread[0]].device();
    for (size_t i : unread) rest->values[i].storage = nullptr;
    prepared = std::move(rest);
    slots.clear();
    trim_memory(device);  // they will not be asked for again
  }

  std::vector<TensorRef> run(const std::vector<TensorRef>& tensors, std::vector<StateSlot>& callers) {
    read_metas(tensors, callers);
    add_prepared(callers);
    Planned& chosen = planned();
    check_devices(chosen.executor->plan(), tensors, callers);
    if (!prepared) return run_planned(chosen, tensors, callers);
    if (!chosen.executor->has_all(slots))
      take_prepared(executable->prepare_part()->get(nullptr, callers), callers);
    struct Clear {
      std::vector<StateSlot>& slots;
      ~Clear() { slots.clear(); }  // nothing of the caller's is held between runs
    } clear{slots};
    std::vector<TensorRef> outputs = run_planned(chosen, tensors, slots);
    for (size_t i = 0; i < callers.size(); ++i) callers[i].value = std::move(slots[i].value);
    try {
      give_up_unread(*chosen.executor, callers.size());
    } catch (const std::bad_alloc&) {  // then they stay; the run itself has succeeded
    }
    return outputs;
  }

  std::vector<TensorRef> run_planned(Planned& planned, const std::vector<TensorRef>& tensors,
                                     std::vector<StateSlot>& all) {
    if (planned.real_peak) return planned.executor->run(tensors, all, arenas, observer);
    const Plan& plan = planned.executor->plan();
    int64_t arena = arenas.bytes();
    std::deque<PeakMeter> meters;
    for (Device device : devices_of(plan)) meters.emplace_back(device);
    std::vector<TensorRef> outputs = planned.executor->run(tensors, all, arenas, observer);
    planned.real_peak = plan.held_bytes() + arena;
    for (const PeakMeter& meter : meters) planned.real_peak += meter.growth();
    return outputs;
  }

  Planned& planned() {
    auto fits = [&](const Planned& p) { return p.executor->plan().fits(inputs, states); };
    if (!executors.empty() && fits(executors.back())) return executors.back();
    auto it = std::find_if(executors.begin(), executors.end(), fits);
    if (it != executors.end()) {
      std::rotate(it, it + 1, executors.end());
      return executors.back();
    }
    if (executors.size() >= static_cast<size_t>(std::max(executable->options().plan_limit, 1)))
      executors.erase(executors.begin());
    executors.push_back({std::make_unique<PlanExecutor>(executable->plan(inputs, states))});
    return executors.back();
  }

  void check_devices(const Plan& plan, const std::vector<TensorRef>& tensors,
                     const std::vector<StateSlot>& slots) const {
    auto check = [&](const TensorRef& ref, Device expected, const char* what, size_t i) {
      if (!(ref.device() == expected))
        raise(ErrorKind::kValue, function().name, ": ", what, " ", i, ": expected device ", expected,
              ", got ", ref.device());
    };
    for (size_t i = 0; i < tensors.size(); ++i) check(tensors[i], plan.input_devices[i], "input", i);
    for (size_t i = 0; i < slots.size(); ++i)
      if (plan.states[i].present) check(slots[i].value, plan.state_devices[i], "state", i);
  }
};

Execution::Execution(std::shared_ptr<Executable> executable) : impl_(std::make_unique<Impl>()) {
  impl_->executable = std::dynamic_pointer_cast<CompiledFunction>(std::move(executable));
  if (!impl_->executable) raise(ErrorKind::kType, "Execution: expected what compile() gives");
}
Execution::~Execution() = default;

std::vector<TensorRef> Execution::run(const std::vector<TensorRef>& inputs, std::vector<StateSlot>& states) {
  BusyScope scope(impl_->busy, impl_->function().name);
  return impl_->run(inputs, states);
}

void Execution::release_memory() {
  impl_->arenas.release();
  for (Planned& planned : impl_->executors) planned.executor->release_packed();
  impl_->prepared = nullptr;
}
int64_t Execution::real_peak() const {
  return impl_->executors.empty() ? 0 : impl_->executors.back().real_peak;
}
void Execution::set_observer(InstructionObserver* observer) { impl_->observer = observer; }

}  // namespace miai
