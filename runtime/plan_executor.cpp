#include "runtime/plan_executor.h"

#include <algorithm>
#include <array>
#include <new>
#include <ranges>
#include <utility>

#include "runtime/allocator.h"
#include "runtime/backend.h"
#include "runtime/cancel.h"
#include "runtime/copy.h"
#include "runtime/launch.h"

namespace miai {
namespace {

/// The operator and the user's line before the message: "conv2d (train.py:17): argument 'weight': ...".
std::string located(const Instruction& at, std::string_view message) {
  std::string text = at.op;
  if (!at.line.empty()) text += " (" + at.line + ")";
  if (message.starts_with(at.op + ": ")) message.remove_prefix(at.op.size() + 2);
  return text.append(": ").append(message);
}

[[noreturn]] void rethrow_located(const Instruction& at) {
  try {
    throw;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    throw Error(error.kind(), located(at, error.what()));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kMemory, located(at, "out of memory"));
  } catch (const std::exception& error) {
    throw Error(ErrorKind::kRuntime, located(at, error.what()));
  }
}

thread_local std::vector<InstructionObserver*> g_thread_observers;

/// Waits for the plan's streams when the run ends, however it ends: queued work refers to the executor.
class SynchronizeAtEnd {
 public:
  explicit SynchronizeAtEnd(const Plan& plan) : plan_(plan) {}
  ~SynchronizeAtEnd() {
    CancelMask mask;
    for (const Base& base : plan_.bases) default_stream(base.device).synchronize();
  }
  SynchronizeAtEnd(const SynchronizeAtEnd&) = delete;
  SynchronizeAtEnd& operator=(const SynchronizeAtEnd&) = delete;

 private:
  const Plan& plan_;
};

}  // namespace

void add_thread_observer(InstructionObserver& observer) { g_thread_observers.push_back(&observer); }
void remove_thread_observer(InstructionObserver& observer) { std::erase(g_thread_observers, &observer); }

const IntrusivePtr<Storage>& Arenas::get(Device device, size_t bytes) {
  auto it =
      std::find_if(blocks_.begin(), blocks_.end(), [&](const auto& b) { return b->device() == device; });
  if (it != blocks_.end() && (*it)->bytes() >= bytes) return *it;
  if (it != blocks_.end()) blocks_.erase(it);  // the old block is free before the new one is asked for
  constexpr size_t kLarge = size_t{16} << 20;
  if (bytes >= kLarge) trim_memory(device);  // it does the work of the blocks that eager steps have left
  return blocks_.emplace_back(Storage::allocate(device, bytes));
}

int64_t Arenas::bytes() const {
  int64_t sum = 0;
  for (const auto& block : blocks_) sum += static_cast<int64_t>(block->bytes());
  return sum;
}

PlanExecutor::PlanExecutor(std::shared_ptr<const Plan> plan)
    : plan_(std::move(plan)), bound_(plan_->bases.size()), users_(plan_->bases.size()) {
  views_.reserve(plan_->operands.size());
  for (const Operand& operand : plan_->operands) {
    views_.push_back(TensorView{operand.meta, nullptr});
    if (operand.base >= 0)
      users_[static_cast<size_t>(operand.base)].push_back(static_cast<int>(views_.size()) - 1);
  }
}

void PlanExecutor::set(size_t base, IntrusivePtr<Storage> storage, int64_t offset) {
  Bound& bound = bound_[base];
  void* data = static_cast<char*>(storage->data()) + offset;
  bound.storage = std::move(storage);
  bound.offset = offset;
  if (data == bound.data) return;
  bound.data = data;
  for (int i : users_[base])
    views_[static_cast<size_t>(i)].data =
        static_cast<char*>(data) + plan_->operands[static_cast<size_t>(i)].offset;
}

void PlanExecutor::bind(std::span<const TensorRef> inputs, std::span<const StateSlot> states,
                        Arenas& arenas) {
  for (size_t i = 0; i < plan_->bases.size(); ++i) {
    const Base& base = plan_->bases[i];
    auto index = static_cast<size_t>(base.index);
    switch (base.kind) {
      case BaseKind::kArena:
        set(i, arenas.get(base.device, base.bytes));
        break;
      case BaseKind::kInput:
        set(i, inputs[index].storage, inputs[index].byte_offset);
        break;
      case BaseKind::kState:
        set(i, states[index].value.storage, states[index].value.byte_offset);
        break;
      case BaseKind::kStateNew:
        if (const StateSlot& slot = states[index]; slot.may_donate && slot.value.storage->is_writable()) {
          set(i, slot.value.storage, slot.value.byte_offset);
        } else {
          set(i, Storage::allocate(base.device, base.bytes));
        }
        break;
      case BaseKind::kConstant:
        set(i, plan_->constants[index].storage, plan_->constants[index].byte_offset);
        break;
      case BaseKind::kPacked:
        set(i, packed_->values[index]);
        break;
      case BaseKind::kFresh:
        set(i, Storage::allocate(base.device, base.bytes));
        break;
    }
  }
}

bool PlanExecutor::reads_state(int index) const {
  return std::any_of(plan_->bases.begin(), plan_->bases.end(), [&](const Base& base) {
    return (base.kind == BaseKind::kState || base.kind == BaseKind::kStateNew) && base.index == index;
  });
}

bool PlanExecutor::has_all(std::span<const StateSlot> states) const {
  for (const Base& base : plan_->bases)
    if (base.kind == BaseKind::kState && !states[static_cast<size_t>(base.index)].value) return false;
  if (!plan_->packed || plan_->packed->fits(packed_.get(), states, plan_->constants)) return true;
  return std::all_of(plan_->packed->list.begin(), plan_->packed->list.end(), [&](const PackedInput& input) {
    return input.is_constant || states[static_cast<size_t>(input.source)].value;
  });
}

/// Lets go of the caller's tensors and of what was handed out; pointers stay for comparison only.
void PlanExecutor::unbind() {
  for (Bound& bound : bound_) bound.storage = nullptr;
}

void* PlanExecutor::workspace(const Instruction& instruction) const {
  if (instruction.workspace_offset < 0) return nullptr;
  for (size_t i = 0; i < plan_->bases.size(); ++i)
    if (plan_->bases[i].kind == BaseKind::kArena && plan_->bases[i].device == instruction.device)
      return static_cast<char*>(bound_[i].data) + instruction.workspace_offset;
  return nullptr;
}

void PlanExecutor::call(const Instruction& instruction, KernelContext& context) {
  const TensorView* first = views_.data() + instruction.first_operand;
  auto inputs = static_cast<size_t>(instruction.input_count);
  instruction.choice.kernel->run(KernelArgs{instruction.attrs,
                                            instruction.choice.prepared.state.get(),
                                            {first, inputs},
                                            {first + inputs, static_cast<size_t>(instruction.output_count)},
                                            workspace(instruction),
                                            context});
}

/// What observers are shown: without memory where an operand is absent or in a form of its kernel's own.
std::vector<TensorRef> PlanExecutor::operands_of(const Instruction& instruction) const {
  const Operand* first = plan_->operands.data() + instruction.first_operand;
  std::vector<TensorRef> operands;
  for (int i = 0; i < instruction.input_count + instruction.output_count; ++i)
    operands.push_back(is_readable(first[i]) ? ref(first[i]) : TensorRef{first[i].meta, nullptr, 0});
  return operands;
}

/// Whether an observer can make sense of the operand.
bool PlanExecutor::is_readable(const Operand& operand) const {
  return operand.base >= 0 && plan_->bases[static_cast<size_t>(operand.base)].kind != BaseKind::kPacked;
}

/// The body between the observers' two looks.
void PlanExecutor::run_observed(int index, const Instruction& instruction, Observers observers,
                                FunctionRef<void()> body) const {
  std::vector<TensorRef> operands = operands_of(instruction);
  try {
    for (InstructionObserver* observer : observers) observer->before(index, instruction);
    body();
  } catch (...) {
    rethrow_located(instruction);
  }
  auto inputs = static_cast<size_t>(instruction.input_count);
  std::span<const TensorRef> all(operands);
  for (InstructionObserver* observer : std::views::reverse(observers))
    observer->after(instruction, all.first(inputs), all.subspan(inputs));
}

void PlanExecutor::commit(Observers observers, FunctionRef<void(const Instruction&)> body) const {
  CancelMask mask;
  auto quietly = [](FunctionRef<void()> look) noexcept {
    try {
      look();
    } catch (...) {  // the step has happened, whatever an observer says
    }
  };
  auto is_watching = [](const InstructionObserver* observer) { return observer->sees_commits(); };
  bool watched = std::any_of(observers.begin(), observers.end(), is_watching);
  for (int i = plan_->commit_begin; i < static_cast<int>(plan_->instructions.size()); ++i) {
    const Instruction& instruction = plan_->instructions[static_cast<size_t>(i)];
    if (!watched) {
      body(instruction);
      continue;
    }
    std::vector<TensorRef> operands;
    quietly([&] {
      operands = operands_of(instruction);
      for (InstructionObserver* observer : std::views::filter(observers, is_watching))
        observer->before(i, instruction);
    });
    body(instruction);
    quietly([&] {
      auto inputs = static_cast<size_t>(instruction.input_count);
      std::span<const TensorRef> all(operands);
      if (all.size() < inputs) return;  // there was no memory to look with
      for (InstructionObserver* observer : std::views::reverse(observers))
        if (is_watching(observer)) observer->after(instruction, all.first(inputs), all.subspan(inputs));
    });
  }
}

void PlanExecutor::run_inline(Observers observers) {
  CancelScope scope;
  KernelContext context = scope.context();
  for (int i = 0; i < plan_->commit_begin; ++i) {
    const Instruction& instruction = plan_->instructions[static_cast<size_t>(i)];
    if (!observers.empty()) {
      run_observed(i, instruction, observers, [&] { call(instruction, context); });
    } else {
      try {
        call(instruction, context);
      } catch (...) {
        rethrow_located(instruction);
      }
    }
    if (context.is_cancelled()) scope.check();
  }
  scope.check();
  KernelContext uncancelled;
  commit(observers, [&](const Instruction& instruction) { call(instruction, uncancelled); });
}

TensorRef PlanExecutor::ref(const Operand& operand) const {
  const Bound& bound = bound_[static_cast<size_t>(operand.base)];
  return {operand.meta, bound.storage, bound.offset + operand.offset};
}

void PlanExecutor::submit(const Instruction& instruction) {
  const Operand* first = plan_->operands.data() + instruction.first_operand;
  auto line = [&] { return instruction.line; };
  if (!instruction.choice.kernel) {
    TensorRef from = ref(first[0]), to = ref(first[1]);
    copy_tensor(from, to, line);
    // what was copied may be overwritten only after the copy
    default_stream(from.device()).wait(default_stream(to.device()).record());
    return;
  }
  auto storages = [&](const Operand* operand, int count) {
    std::vector<Storage*> found;
    for (int i = 0; i < count; ++i)
      found.push_back(operand[i].base < 0 ? nullptr
                                          : bound_[static_cast<size_t>(operand[i].base)].storage.get());
    return found;
  };
  auto work = [this, &instruction] {
    KernelContext context;
    call(instruction, context);
  };
  launch_work(default_stream(instruction.device), instruction.op, storages(first, instruction.input_count),
              storages(first + instruction.input_count, instruction.output_count), line, work);
}

/// Waits for all work so far and raises its first error.
void PlanExecutor::wait_for_main_section() {
  for (const Base& base : plan_->bases) default_stream(base.device).synchronize();
  for (const Bound& bound : bound_) rethrow_error(*bound.storage);
}

void PlanExecutor::run_queued(Observers observers) {
  CancelScope scope;
  SynchronizeAtEnd synchronize(*plan_);
  for (size_t i = 0; i < bound_.size(); ++i)  // an earlier run that failed left its error there
    if (plan_->bases[i].kind == BaseKind::kArena) bound_[i].storage->set_error(nullptr);
  for (int i = 0; i < plan_->commit_begin; ++i) {
    const Instruction& instruction = plan_->instructions[static_cast<size_t>(i)];
    if (!observers.empty()) {
      run_observed(i, instruction, observers, [&] { submit(instruction); });
    } else {
      try {
        submit(instruction);
      } catch (...) {
        rethrow_located(instruction);
      }
    }
    scope.check();
  }
  wait_for_main_section();
  scope.check();
  commit(observers, [&](const Instruction& instruction) { submit(instruction); });
}

std::vector<TensorRef> PlanExecutor::run(std::span<const TensorRef> inputs, std::span<StateSlot> states,
                                         Arenas& arenas, InstructionObserver* observer) {
  struct Unbind {
    PlanExecutor& executor;
    ~Unbind() { executor.unbind(); }
  } unbind_at_end{*this};
  std::vector<InstructionObserver*> observers(g_thread_observers);
  if (observer) observers.insert(observers.begin(), observer);
  if (plan_->packed) packed_ = plan_->packed->get(packed_, states, plan_->constants);
  bind(inputs, states, arenas);
  std::vector<TensorRef> outputs, written;  // made now: nothing may fail once states are written
  outputs.reserve(plan_->outputs.size());
  for (const Operand& output : plan_->outputs) outputs.push_back(ref(output));
  written.reserve(plan_->state_writes.size());
  for (const StateWrite& write : plan_->state_writes) written.push_back(ref(write.value));
  if (plan_->is_inline) {
    run_inline(observers);
  } else {
    run_queued(observers);
  }
  for (size_t i = 0; i < written.size(); ++i)
    states[static_cast<size_t>(plan_->state_writes[i].state)].value = std::move(written[i]);
  return outputs;
}

}  // namespace miai
