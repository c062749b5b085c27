#include "imperative/evictable.h"

#include <algorithm>

#include "imperative/dtr_state.h"

namespace miai {
namespace {

std::vector<Evictable*>& list() {
  static auto* const all = new std::vector<Evictable*>();  // NOLINT: storages may outlive static objects
  return *all;
}

}  // namespace

const std::vector<Evictable*>& Evictable::all() { return list(); }

Evictable::Evictable(Storage& memory, RecipePtr made_by, size_t number, uint64_t in_scope)
    : storage(memory), recipe(std::move(made_by)), output(number), scope(in_scope), place_(list().size()) {
  list().push_back(this);
  recipe->outputs[output] = &storage;
}

Evictable::~Evictable() {
  DtrLock lock;
  list()[place_] = list().back();
  list()[place_]->place_ = place_;
  list().pop_back();
  if (list().empty()) DtrState::instance().update_in_use();
  if (recipe->outputs[output] == &storage) recipe->outputs[output] = nullptr;
  if (recipe->use_count() > 1) recipe->set_missing(true);  // others were made of it
}

double Evictable::score(double now) const {
  constexpr double kLeast = 1e-7;  // seconds: what was used just now
  return recipe->seconds_with_missing() /
         (static_cast<double>(storage.bytes()) * std::max(now - last_used, kLeast));
}

void Evictable::evict() {
  storage.give_up();
  recipe->set_missing(true);
}

void Evictable::restore(Storage& made) {
  storage.take_memory(made);
  recipe->set_missing(false);
}

}  // namespace miai
