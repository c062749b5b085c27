#include "imperative/recipe.h"

#include <utility>

#include "graph/ops/cost.h"
#include "imperative/evictable.h"
#include "imperative/profile.h"
#include "kernels/common/parallel.h"
#include "runtime/backend.h"
#include "runtime/launch.h"

namespace miai {
namespace {

RecipeOperand operand_of(const Var& input) {
  if (!input) return {};
  const TensorRef& ref = eager(input).ref;
  const Evictable* evictable = Evictable::of(*ref.storage);
  if (!evictable) return {ref.storage, nullptr, 0, ref.byte_offset};
  return {nullptr, evictable->recipe, evictable->output, ref.byte_offset};
}

double seconds_of(const CallPlan& plan) {
  return estimated_seconds(op_cost(*plan.op, plan.attrs, plan.inputs, plan.outputs));
}

IntrusivePtr<Storage> allocate_for(const CallPlan& plan, size_t bytes) {
  try {
    return Storage::allocate(plan.device, bytes);
  } catch (const Error& error) {
    raise(error.kind(), plan.op->name, ", which runs again: ", error.what());
  }
}

}  // namespace

Recipe::Recipe(std::shared_ptr<const CallPlan> call, std::span<const Var> inputs, bool was_made)
    : plan(std::move(call)),
      threads(thread_count()),
      seconds(seconds_of(*plan)),
      has_run(was_made),
      outputs(plan->outputs.size(), nullptr) {
  for (const Var& input : inputs) operands.push_back(operand_of(input));
}

/// A chain of recipes ends link by link, not by recursion, which a long one would not survive.
Recipe::~Recipe() {
  thread_local std::vector<RecipePtr>* ending = nullptr;
  auto hand_over = [this](std::vector<RecipePtr>& to) {
    for (RecipeOperand& operand : operands)
      if (operand.maker) to.push_back(std::move(operand.maker));
  };
  if (ending) {
    hand_over(*ending);
    return;
  }
  std::vector<RecipePtr> mine;
  hand_over(mine);
  ending = &mine;
  while (!mine.empty()) {
    RecipePtr last = std::move(mine.back());
    mine.pop_back();
  }
  ending = nullptr;
}

std::vector<IntrusivePtr<Storage>> Recipe::run(std::span<const IntrusivePtr<Storage>> inputs) {
  std::vector<TensorView> in, out;
  std::vector<Storage*> in_storages, out_storages;
  for (size_t i = 0; i < inputs.size(); ++i) {
    char* data = inputs[i] ? static_cast<char*>(inputs[i]->data()) + operands[i].byte_offset : nullptr;
    in.push_back({plan->inputs[i], data});
    in_storages.push_back(inputs[i].get());
  }
  std::vector<IntrusivePtr<Storage>> made;
  for (const TensorMeta& meta : plan->outputs) {
    made.push_back(allocate_for(*plan, byte_size(meta)));
    out.push_back({meta, made.back()->data()});
    out_storages.push_back(made.back().get());
  }
  IntrusivePtr<Storage> workspace;
  if (size_t bytes = plan->choice.prepared.workspace_bytes) workspace = allocate_for(*plan, bytes);
  auto repeat = [&] {
    ThreadCountScope scope(threads);
    launch(default_stream(plan->device),
           {plan->op->name, plan->choice.kernel, plan->kernel_attrs, plan->choice.prepared.state, in, out,
            in_storages, out_storages, workspace.get(), [] { return std::string(); }});
    return Vars();
  };
  if (Profile* profile = Profile::current()) {
    profile->record(*plan, repeat, has_run);
  } else {
    repeat();
  }
  has_run = true;
  return made;
}

void Recipe::set_missing(bool missing) {
  if (missing == static_cast<bool>(missing_)) return;
  if (!missing) {
    EvictedSet::take_out(*missing_, seconds);
    missing_ = nullptr;
    return;
  }
  missing_ = make_intrusive<EvictedSet>(seconds);
  EvictedSet::unite(missing_, missing_below_);
  for (const RecipeOperand& operand : operands)
    if (operand.maker) EvictedSet::unite(missing_, operand.maker->missing_);
  for (const RecipeOperand& operand : operands)
    if (operand.maker) EvictedSet::unite(operand.maker->missing_below_, missing_);
}

const EvictedSet* Recipe::missing_root(size_t i) const {
  const Recipe* maker = i < operands.size() ? operands[i].maker.get() : nullptr;
  EvictedSet* set = maker ? maker->missing_.get() : i == operands.size() ? missing_below_.get() : nullptr;
  return set ? &EvictedSet::root(*set) : nullptr;
}

/// Asked for each candidate of each eviction: allocates nothing.
double Recipe::seconds_with_missing() const {
  double total = seconds;
  for (size_t i = 0; i <= operands.size(); ++i) {
    const EvictedSet* set = missing_root(i);
    bool is_counted = !set;
    for (size_t k = 0; k < i && !is_counted; ++k) is_counted = missing_root(k) == set;
    if (!is_counted) total += set->seconds();
  }
  return total;
}

}  // namespace miai
