// A storage whose contents may be given up, for its recipe makes them again.
#pragma once
#include "imperative/recipe.h"

namespace miai {

/// The storage's source; all of them are listed. Read and changed under a DtrLock alone.
class Evictable final : public ContentSource {
 public:
  Evictable(Storage& storage, RecipePtr recipe, size_t output, uint64_t scope);
  ~Evictable() override;

  static Evictable* of(const Storage& storage) { return static_cast<Evictable*>(storage.source()); }
  static const std::vector<Evictable*>& all();

  bool can_go() const { return pins == 0 && storage.is_resident() && storage.is_writable(); }
  /// What giving it up costs: seconds per byte and second since it was last used (h-DTR-eq).
  double score(double now) const;
  void evict();
  /// The contents are there again.
  void restore(Storage& made);

  Storage& storage;
  const RecipePtr recipe;
  const size_t output;
  uint64_t scope;  // the recipe scope that made it; 0: it has ended
  int pins = 0;    // readers at work: it stays
  double last_used = 0;

 private:
  size_t place_;  // in the list
};

}  // namespace miai
