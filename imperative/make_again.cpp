// Running recipes again, deepest first, for values that are missing.
#include <map>
#include <set>
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

/// How often results that nobody holds will be read on the way: they are held until then, since each would
/// be made anew for each of its readers, and all that it takes for each of theirs.
class Readers {
 public:
  explicit Readers(const Recipe& last) {
    std::vector<const Recipe*> open{&last};
    std::set<const Recipe*> seen{&last};
    while (!open.empty()) {
      const Recipe* recipe = open.back();
      open.pop_back();
      for (const RecipeOperand& operand : recipe->operands) {
        if (!operand.maker || at_hand(operand)) continue;
        ++left_[{operand.maker.get(), operand.output}];
        if (seen.insert(operand.maker.get()).second) open.push_back(operand.maker.get());
      }
    }
  }

  bool expect(const Recipe& recipe, size_t output) const { return left_.contains({&recipe, output}); }
  void hold(const Recipe& recipe, size_t output, IntrusivePtr<Storage> storage) {
    held_[{&recipe, output}] = std::move(storage);
  }
  void note_reader(const RecipeOperand& operand) {
    auto found = left_.find({operand.maker.get(), operand.output});
    if (found == left_.end() || --found->second > 0) return;
    held_.erase(found->first);
    left_.erase(found);
  }

 private:
  using Result = std::pair<const Recipe*, size_t>;
  std::map<Result, int> left_;
  std::map<Result, IntrusivePtr<Storage>> held_;
};

/// Runs the call: what lives and is missing gets its contents back. Gives the storage of the wanted output.
IntrusivePtr<Storage> run(const Pending& call, Readers& readers) {
  DtrState& state = DtrState::instance();
  Recipe& recipe = *call.recipe;
  const bool again = recipe.has_run;
  std::vector<IntrusivePtr<Storage>> made = recipe.run(call.operands);
  if (again) ++state.statistics.recomputations;
  state.clock += recipe.seconds;
  for (size_t i = 0; i < made.size(); ++i) {
    if (again) state.statistics.recomputed_bytes += static_cast<int64_t>(made[i]->bytes());
    IntrusivePtr<Storage> storage;
    if (recipe.outputs[i] && recipe.outputs[i]->try_retain())
      storage = IntrusivePtr<Storage>::adopt(recipe.outputs[i]);
    if (storage && !storage->is_resident()) {
      Evictable::of(*storage)->restore(*made[i]);
      Evictable::of(*storage)->last_used = state.clock;
    }
    const bool is_read = readers.expect(recipe, i);
    if (storage) {
      made[i] = storage;
    } else if (is_read || i == call.wanted) {
      made[i]->set_source(std::make_unique<Evictable>(*made[i], call.recipe, i, 0));
    }
    if (is_read) readers.hold(recipe, i, made[i]);
  }
  return made[call.wanted];
}

}  // namespace

void make_again(Evictable& missing) {
  Readers readers(*missing.recipe);
  std::vector<Pending> stack;
  stack.push_back({missing.recipe, missing.output, {}, {}});
  while (!stack.empty()) {
    Pending& call = stack.back();
    if (call.is_complete()) {
      Pin result(run(call, readers));
      stack.pop_back();
      if (stack.empty()) return;
      readers.note_reader(stack.back().next());
      stack.back().take(result.storage());
      continue;
    }
    const RecipeOperand& operand = call.next();
    IntrusivePtr<Storage> storage = at_hand(operand);
    if (storage || !operand.maker) {
      if (operand.maker) readers.note_reader(operand);
      call.take(std::move(storage));
    } else {
      stack.push_back({operand.maker, operand.output, {}, {}});
    }
  }
}

}  // namespace miai
