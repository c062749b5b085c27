#include "imperative/profile.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "graph/ops/cost.h"
#include "imperative/dispatch.h"
#include "runtime/backend.h"

namespace miai {
namespace {

thread_local Profile* g_current = nullptr;
thread_local std::shared_ptr<Profile> g_owner;  // of g_current, which every call reads and needs no set-up

int64_t now() {
  auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

std::vector<TensorMeta> metas_of(std::span<const TensorRef> tensors) {
  std::vector<TensorMeta> metas;
  for (const TensorRef& tensor : tensors) metas.push_back(tensor.meta);
  return metas;
}

const char* kernel_name(const KernelChoice& choice) {
  return choice.kernel ? choice.kernel->name.c_str() : "copy between devices";
}

}  // namespace

Profile::Profile() : begin_(now()) {}

std::shared_ptr<Profile> Profile::start() {
  if (g_current) raise(ErrorKind::kRuntime, "profile: this thread records one already; leave that one first");
  g_owner = std::shared_ptr<Profile>(new Profile());  // NOLINT: the constructor is private
  add_thread_observer(*g_owner);
  g_current = g_owner.get();
  return g_owner;
}

Profile* Profile::current() { return g_current; }

void Profile::stop() {
  if (g_current != this)
    raise(ErrorKind::kRuntime, "profile: it can be stopped once, by the thread that started it");
  remove_thread_observer(*this);
  g_current = nullptr;
  std::shared_ptr<Profile> alive = std::move(g_owner);
  for (Device device : devices_) default_stream(device).synchronize();
  std::erase_if(events_, [](const EventPtr& event) { return event->duration == 0; });
  complete_ = true;
}

const std::vector<std::shared_ptr<ProfileEvent>>& Profile::events() const {
  if (!complete_) raise(ErrorKind::kRuntime, "profile: its events are there once it has stopped");
  return events_;
}

void Profile::mark_start(const EventPtr& event, Device device) {
  event->device = device;
  Stream& stream = default_stream(device);
  auto mark = [event, begin = begin_] {
    event->thread = syscall(SYS_gettid);
    event->start = now() - begin;
  };
  if (stream.is_inline()) return mark();
  if (std::find(devices_.begin(), devices_.end(), device) == devices_.end()) devices_.push_back(device);
  stream.submit(mark);
}

void Profile::mark_end(const EventPtr& event) const {
  auto mark = [event, begin = begin_] {
    event->duration = std::max<int64_t>(now() - begin - event->start, 1);
  };
  Stream& stream = default_stream(event->device);
  if (stream.is_inline()) return mark();
  stream.submit(mark);
}

void Profile::before(int index, const Instruction& instruction) {
  auto event = std::make_shared<ProfileEvent>();
  event->instruction = index;
  open_.push_back({&instruction, event});
  mark_start(event, instruction.device);
}

void Profile::after(const Instruction& instruction, std::span<const TensorRef> inputs,
                    std::span<const TensorRef> outputs) {
  auto at = std::find_if(open_.rbegin(), open_.rend(),
                         [&](const Open& open) { return open.instruction == &instruction; });
  if (at == open_.rend()) return;
  EventPtr event = at->event;
  mark_end(event);
  open_.erase(at.base() - 1, open_.end());  // those above it raised
  event->op = instruction.op;
  event->kernel = kernel_name(instruction.choice);
  event->line = instruction.line;
  event->inputs = metas_of(inputs);
  event->outputs = metas_of(outputs);
  event->flops = instruction.flops;
  event->bytes = instruction.bytes;
  event->repeats = instruction.repeats;
  events_.push_back(std::move(event));
}

Vars Profile::record(const CallPlan& plan, FunctionRef<Vars()> run, bool repeats) {
  auto event = std::make_shared<ProfileEvent>();
  mark_start(event, plan.device);
  Vars outputs = run();
  mark_end(event);
  event->op = plan.op->name;
  event->kernel = kernel_name(plan.choice);
  event->line = current_user_line();
  event->inputs = plan.inputs;
  event->outputs = plan.outputs;
  Cost cost = op_cost(*plan.op, plan.attrs, plan.inputs, plan.outputs);
  event->flops = cost.flops;
  event->bytes = cost.bytes;
  event->repeats = repeats;
  events_.push_back(std::move(event));
  return outputs;
}

}  // namespace miai
