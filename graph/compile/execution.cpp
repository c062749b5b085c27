#include <algorithm>
#include <atomic>

#include "graph/compile/executable.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

TensorMeta plan_meta(const TensorRef& ref, const std::string& function, const char* what, size_t index) {
  if (!ref) raise(ErrorKind::kValue, function, ": ", what, " ", index, " is missing");
  TensorMeta meta = ref.meta;
  if (meta.is_dense()) meta.strides = dense_strides(meta.shape);
  return meta;
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

struct Execution::Impl {
  std::shared_ptr<Executable> executable;
  Arenas arenas;
  std::vector<std::unique_ptr<PlanExecutor>> executors;  // most recently used last
  InstructionObserver* observer = nullptr;
  std::atomic<bool> busy{false};
  std::vector<TensorMeta> inputs, states;  // of this run; kept for their memory

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

  PlanExecutor& executor() {
    auto fits = [&](const auto& e) { return e->plan().inputs == inputs && e->plan().states == states; };
    if (!executors.empty() && fits(executors.back())) return *executors.back();
    auto it = std::find_if(executors.begin(), executors.end(), fits);
    if (it != executors.end()) {
      std::rotate(it, it + 1, executors.end());
      return *executors.back();
    }
    if (executors.size() >= static_cast<size_t>(std::max(executable->options().plan_limit, 1)))
      executors.erase(executors.begin());
    executors.push_back(std::make_unique<PlanExecutor>(executable->plan(inputs, states)));
    return *executors.back();
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
  impl_->executable = std::move(executable);
}
Execution::~Execution() = default;

std::vector<TensorRef> Execution::run(const std::vector<TensorRef>& inputs, std::vector<StateSlot>& states) {
  BusyScope scope(impl_->busy, impl_->function().name);
  impl_->read_metas(inputs, states);
  PlanExecutor& executor = impl_->executor();
  impl_->check_devices(executor.plan(), inputs, states);
  return executor.run(inputs, states, impl_->arenas, impl_->observer);
}

void Execution::release_memory() { impl_->arenas.release(); }
void Execution::set_observer(InstructionObserver* observer) { impl_->observer = observer; }

}  // namespace miai
