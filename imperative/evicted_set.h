// What is missing around a value: sets of neighbouring calls whose results are gone, each with the time that
// computing all of them takes (the classes of h-DTR-eq, Kirisame et al., 2021).
#pragma once
#include "runtime/intrusive_ptr.h"

namespace miai {

class EvictedSet;
using EvictedSetPtr = IntrusivePtr<EvictedSet>;

/// A node of a union-find forest; the root holds the sum.
class EvictedSet final : public RefCounted {
 public:
  explicit EvictedSet(double seconds) : seconds_(seconds) {}

  static EvictedSet& root(EvictedSet& set);
  /// Joins two sets; an empty `a` takes b's.
  static void unite(EvictedSetPtr& a, const EvictedSetPtr& b);
  double seconds() const { return seconds_; }  // of a root
  /// A member is there again. The set stays whole, as in the paper: splitting it would cost more than it
  /// tells.
  static void take_out(EvictedSet& set, double seconds) { root(set).seconds_ -= seconds; }

 private:
  EvictedSetPtr parent_;
  double seconds_;
  int rank_ = 0;
};

}  // namespace miai
