// Calls that compute nothing until somebody reads their results: values that are often written over before
// that, such as those that a network's parameters start from.
#pragma once
#include <memory>

#include "imperative/call_plan.h"

namespace miai {

/// While it lives, this thread's calls are deferred where they can be: on device cpu, outside of recordings
/// and tapes, if they may run at any time and their results are not small.
class DeferScope {
 public:
  DeferScope();
  ~DeferScope();
  DeferScope(const DeferScope&) = delete;
  DeferScope& operator=(const DeferScope&) = delete;
};

bool may_defer(const CallPlan& plan);
/// Results without memory: they come to be when they are read, and stay from then on.
Vars defer_call(const std::shared_ptr<const CallPlan>& plan, std::span<const Var> inputs);

}  // namespace miai
