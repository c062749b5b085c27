// What the missing neighbours of a value are said to cost.
#include "imperative/evicted_set.h"

#include <gtest/gtest.h>

#include <vector>

namespace miai {
namespace {

EvictedSetPtr set_of(double seconds) { return make_intrusive<EvictedSet>(seconds); }
double total(const EvictedSetPtr& set) { return EvictedSet::root(*set).seconds(); }

TEST(EvictedSet, UnionsAddUpOnceForEachSet) {
  EvictedSetPtr a = set_of(1), b = set_of(2), c = set_of(4);
  EvictedSet::unite(a, b);
  EvictedSet::unite(b, a);
  EXPECT_EQ(total(a), 3);
  EXPECT_EQ(total(b), 3);
  EvictedSet::unite(c, b);
  for (const EvictedSetPtr& set : {a, b, c}) EXPECT_EQ(total(set), 7);
  EXPECT_EQ(&EvictedSet::root(*a), &EvictedSet::root(*c));
}

TEST(EvictedSet, AnEmptyOneTakesTheOther) {
  EvictedSetPtr none, a = set_of(1);
  EvictedSet::unite(a, none);
  EXPECT_EQ(total(a), 1);
  EvictedSet::unite(none, a);
  EXPECT_EQ(none, a);
}

TEST(EvictedSet, AMemberThatIsThereAgainCountsNoMore) {
  EvictedSetPtr a = set_of(1), b = set_of(2);
  EvictedSet::unite(a, b);
  EvictedSet::take_out(*b, 2);
  EXPECT_EQ(total(a), 1);
}

TEST(EvictedSet, ALongChainIsShallow) {
  std::vector<EvictedSetPtr> sets;
  for (int i = 0; i < 100000; ++i) {
    sets.push_back(set_of(1));
    if (i) EvictedSet::unite(sets[i - 1], sets[i]);
  }
  EXPECT_EQ(total(sets.front()), 100000);
  EXPECT_EQ(total(sets.back()), 100000);
}

}  // namespace
}  // namespace miai
