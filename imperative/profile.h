// What a thread's operators took: eager calls and the instructions of plans, one event each.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "imperative/call_plan.h"
#include "runtime/plan_executor.h"

namespace miai {

struct ProfileEvent {
  std::string op, kernel, line;
  std::vector<TensorMeta> inputs, outputs;  // inputs that were not given have present == false
  Device device;
  double flops = 0, bytes = 0;      // as op_cost counts them
  int64_t start = 0, duration = 0;  // ns, from the start of the profile; duration 0: it never ran
  int64_t thread = 0;               // that ran it, by the system's number
  int instruction = -1;             // of its plan; -1: an eager call
  bool repeats = false;             // computes again what an earlier instruction has computed
};

/// Work of an inline device is timed around the kernel (and, in eager, around its memory). Work that is
/// queued is timed where it runs: by two tasks in its stream, before it and after it, so that nobody waits.
class Profile final : public InstructionObserver {
 public:
  /// Records what this thread runs until it stops. Raises RuntimeError if one is recorded already.
  static std::shared_ptr<Profile> start();
  /// Of this thread; nullptr: none.
  static Profile* current();
  /// In the thread that started it; waits for what was queued.
  void stop();
  /// Raises RuntimeError before it has stopped.
  const std::vector<std::shared_ptr<ProfileEvent>>& events() const;

  /// Runs one eager call, or repeats one whose results were given up.
  Vars record(const CallPlan& plan, FunctionRef<Vars()> run, bool repeats = false);

  void before(int index, const Instruction& instruction) override;
  void after(const Instruction& instruction, std::span<const TensorRef> inputs,
             std::span<const TensorRef> outputs) override;
  bool sees_commits() const override { return true; }

 private:
  using EventPtr = std::shared_ptr<ProfileEvent>;
  struct Open {
    const Instruction* instruction;
    EventPtr event;
  };
  Profile();
  void mark_start(const EventPtr& event, Device device);
  void mark_end(const EventPtr& event) const;

  const int64_t begin_;
  bool complete_ = false;
  std::vector<EventPtr> events_;
  std::vector<Open> open_;       // an instruction may run a function that runs a plan
  std::vector<Device> devices_;  // that have a queue
};

}  // namespace miai
