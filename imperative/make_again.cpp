// Running recipes again, deepest first, for values that are missing.
#include <utility>

#include "imperative/dtr_state.h"

namespace miai {
namespace {

/// A call that waits for its operands.
struct Pending {
  RecipePtr recipe;
  size_t wanted;  // output
  std::vector<IntrusivePtr<Storage>> operands;
  std::vector<Pin> pins;

  bool is_complete() const { return operands.size() == recipe->operands.size(); }
  const RecipeOperand& next() const { return recipe->operands[operands.size()]; }
  void take(IntrusivePtr<Storage> storage) {
    if (storage) pins.emplace_back(storage);
    operands.push_back(std::move(storage));
  }
};

/// The living, complete storage of an operand; nullptr: it has to be made. One that another thread is about
/// to end counts as gone.
IntrusivePtr<Storage> at_hand(const RecipeOperand& operand) {
  if (!operand.maker) return operand.kept;
  Storage* storage = operand.maker->outputs[operand.output];
  if (!storage || !storage->is_resident() || !storage->try_retain()) return nullptr;
  return IntrusivePtr<Storage>::adopt(storage);
}

/// Runs the call: what lives and is missing gets its contents back. Gives the storage of the wanted output.
IntrusivePtr<Storage> run(const Pending& call) {
  DtrState& state = DtrState::instance();
  Recipe& recipe = *call.recipe;
  std::vector<IntrusivePtr<Storage>> made = recipe.run(call.operands);
  ++state.statistics.recomputations;
  state.clock += recipe.seconds;
  IntrusivePtr<Storage> wanted;
  for (size_t i = 0; i < made.size(); ++i) {
    state.statistics.recomputed_bytes += static_cast<int64_t>(made[i]->bytes());
    IntrusivePtr<Storage> storage;
    if (recipe.outputs[i] && recipe.outputs[i]->try_retain())
      storage = IntrusivePtr<Storage>::adopt(recipe.outputs[i]);
    if (storage && !storage->is_resident()) {
      Evictable::of(*storage)->restore(*made[i]);
      Evictable::of(*storage)->last_used = state.clock;
    }
    if (i != call.wanted) continue;
    wanted = storage ? storage : made[i];
    if (!storage) wanted->set_source(std::make_unique<Evictable>(*wanted, call.recipe, i, 0));
  }
  return wanted;
}

}  // namespace

void make_again(Evictable& missing) {
  std::vector<Pending> stack;
  stack.push_back({missing.recipe, missing.output, {}, {}});
  while (!stack.empty()) {
    Pending& call = stack.back();
    if (call.is_complete()) {
      Pin result(run(call));
      stack.pop_back();
      if (!stack.empty()) stack.back().take(result.storage());
      continue;
    }
    const RecipeOperand& operand = call.next();
    IntrusivePtr<Storage> storage = at_hand(operand);
    if (storage || !operand.maker) {
      call.take(std::move(storage));
    } else {
      stack.push_back({operand.maker, operand.output, {}, {}});
    }
  }
}

}  // namespace miai
