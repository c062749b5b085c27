#include "imperative/evicted_set.h"

#include <utility>

namespace miai {

EvictedSet& EvictedSet::root(EvictedSet& set) {
  EvictedSet* at = &set;
  while (at->parent_) {
    if (at->parent_->parent_) at->parent_ = EvictedSetPtr(at->parent_->parent_);  // halves the path
    at = at->parent_.get();
  }
  return *at;
}

void EvictedSet::unite(EvictedSetPtr& a, const EvictedSetPtr& b) {
  if (!b) return;
  if (!a) {
    a = b;
    return;
  }
  EvictedSet *winner = &root(*a), *loser = &root(*b);
  if (winner == loser) return;
  if (winner->rank_ < loser->rank_) std::swap(winner, loser);
  if (winner->rank_ == loser->rank_) ++winner->rank_;
  winner->seconds_ += loser->seconds_;
  loser->parent_ = EvictedSetPtr(winner);
}

}  // namespace miai
