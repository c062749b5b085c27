// Every `new` of a step failed in turn, of the first run, which makes the plan, and of a later one: an error,
// the states of before, and the next step works.
#include "test/graph/common/no_memory.h"

#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;
using Floats = std::vector<float>;

constexpr std::string_view kStep =
    R"(func @step(%0 x: float32[4, 4]) state(%1 w: float32[4, 4] -> %6, %2 m: float32[4, 4] -> %5) {
  %3 = matmul(%0, %1) {transpose_a=False, transpose_b=False}: float32[4, 4]
  %4 = exp(%3): float32[4, 4]
  %7 = sum(%4) {axis=[0], keepdims=True}: float32[1, 4]
  %5 = add(%2, %7): float32[4, 4]
  %6 = sub(%1, %5): float32[4, 4]
  return %4
})";

struct States {
  TensorRef w = make_tensor({4, 4}, 1), m = make_tensor({4, 4}, 2);
  std::vector<StateSlot> slots{donated(w), donated(m)};
};

/// Whether a run whose n-th `new` fails passes all the same; if not, nothing has changed.
bool passes(Compiled& f, States& states, const TensorRef& x, long n) {
  const Floats w = values_of(states.slots[0].value), m = values_of(states.slots[1].value);
  bool is_out_of_memory = false, has_failed = false;
  {
    test::FailNewAt failure(n);
    try {
      f.run({x}, states.slots);
    } catch (const std::bad_alloc&) {
      is_out_of_memory = true;
    } catch (const Error& error) {
      is_out_of_memory = error.kind() == ErrorKind::kMemory;
      EXPECT_TRUE(is_out_of_memory) << n;
    }
    has_failed = failure.has_failed();
  }
  if (is_out_of_memory) {
    EXPECT_EQ(values_of(states.slots[0].value), w) << n;
    EXPECT_EQ(values_of(states.slots[1].value), m) << n;
  }
  return !has_failed;
}

TEST(NoMemory, EachNewOfTheFirstRunMayFail) {
  const TensorRef x = make_tensor({4, 4}, 0);
  for (int level : {0, 2}) {
    Compiled twin(kStep, level);
    States expected;
    twin.run({x}, expected.slots);
    long n = 1;
    for (;; ++n) {
      Compiled f(kStep, level);
      States states;
      if (passes(f, states, x, n)) break;
      States again;
      f.run({x}, again.slots);
      ASSERT_EQ(values_of(again.slots[0].value), values_of(expected.slots[0].value)) << n;
    }
    EXPECT_GT(n, 50) << "the plan is made with allocations";
  }
}

TEST(NoMemory, EachNewOfALaterRunMayFail) {
  const TensorRef x = make_tensor({4, 4}, 0);
  Compiled f(kStep, 2);
  States states;
  f.run({x}, states.slots);
  long n = 1;
  while (!passes(f, states, x, n)) ++n;
  EXPECT_LT(n, 1000);
  f.run({x}, states.slots);
}

}  // namespace
}  // namespace miai
