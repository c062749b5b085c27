#include "imperative/deferred.h"

#include <algorithm>

#include "imperative/dtr_state.h"
#include "imperative/recording.h"
#include "imperative/tape.h"

namespace miai {
namespace {

thread_local int g_scopes = 0;

void add_deferring(int count) {
  DtrLock lock;
  DtrState& state = DtrState::instance();
  state.deferring += count;
  state.update_in_use();
}

}  // namespace

DeferScope::DeferScope() {
  ++g_scopes;
  add_deferring(1);
}
DeferScope::~DeferScope() {
  --g_scopes;
  add_deferring(-1);
}

bool may_defer(const CallPlan& plan) {
  constexpr size_t kSmall = 4096;  // bytes: a recipe takes as much time
  return g_scopes > 0 && plan.choice.kernel && plan.op->may_repeat() && plan.device == Device{} &&
         !any_tape_is_active() && !Recording::current() &&
         std::all_of(plan.outputs.begin(), plan.outputs.end(),
                     [](const TensorMeta& meta) { return byte_size(meta) >= kSmall; });
}

Vars defer_call(const std::shared_ptr<const CallPlan>& plan, std::span<const Var> inputs) {
  DtrLock lock;
  RecipePtr recipe = make_intrusive<Recipe>(plan, inputs, false);
  Vars outputs;
  for (size_t i = 0; i < plan->outputs.size(); ++i) {
    auto storage = make_intrusive<Storage>(plan->device, nullptr, byte_size(plan->outputs[i]), nullptr);
    storage->set_source(std::make_unique<Evictable>(*storage, recipe, i, 0));
    outputs.push_back(to_var(make_intrusive<EagerValue>(TensorRef{plan->outputs[i], storage, 0})));
  }
  recipe->set_missing(true);
  DtrState::instance().update_in_use();
  return outputs;
}

}  // namespace miai
