// States: when they are written in place, and that a step either happens or does not.
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "runtime/allocator.h"
#include "runtime/cancel.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;
using Floats = std::vector<float>;

constexpr std::string_view kStep =
    R"(func @step(%0 x: float32[4]) state(%1 w: float32[4] -> %4, %2 m: float32[4] -> %3) {
  %5 = toy_heavy(%0): float32[4]
  %6 = toy_heavy(%5): float32[4]
  %3 = toy_add(%2, %6): float32[4]
  %7 = toy_scale(%3) {factor=0.5}: float32[4]
  %4 = toy_add(%1, %7): float32[4]
  %8 = toy_heavy(%6): float32[4]
  return %8
})";

TEST(Commit, StatesAreWrittenInPlaceWhenDonated) {
  Compiled f(kStep);
  TensorRef w = make_tensor({4}, 1), m = make_tensor({4}, 2);
  std::vector<StateSlot> states{donated(w), donated(m)};
  EXPECT_EQ(values_of(f.run({make_tensor({4}, 0)}, states)[0]), (Floats{3, 3, 3, 3}));
  EXPECT_EQ(states[0].value.storage, w.storage);
  EXPECT_EQ(states[1].value.storage, m.storage);
  EXPECT_EQ(values_of(m), (Floats{4, 4, 4, 4}));
  EXPECT_EQ(values_of(w), (Floats{3, 3, 3, 3}));
}

TEST(Commit, HeldStatesKeepTheirOldValues) {
  Compiled f(kStep);
  TensorRef w = make_tensor({4}, 1), m = make_tensor({4}, 2);
  std::vector<StateSlot> states{kept(w), donated(m)};
  w.storage->add_export();
  m.storage->add_export();
  f.run({make_tensor({4}, 0)}, states);
  EXPECT_NE(states[0].value.storage, w.storage);
  EXPECT_NE(states[1].value.storage, m.storage);  // exported memory is not written, whatever the caller says
  EXPECT_EQ(values_of(w), (Floats{1, 1, 1, 1}));
  EXPECT_EQ(values_of(m), (Floats{2, 2, 2, 2}));
  EXPECT_EQ(values_of(states[0].value), (Floats{3, 3, 3, 3}));
  EXPECT_EQ(values_of(states[1].value), (Floats{4, 4, 4, 4}));
}

TEST(Commit, TheSectionComesLastAndIsCounted) {
  Compiled f(kStep);
  auto plan = f.executable->plan(std::vector<Shape>{{4}});
  ASSERT_EQ(plan->instructions.size(), 6u);
  EXPECT_EQ(plan->commit_begin, 3);
  for (size_t i = 3; i < 6; ++i) EXPECT_TRUE(plan->instructions[i].choice.kernel->cannot_fail);
  EXPECT_EQ(f.executable->memory_report({{4}}).commit_bytes, 16);  // %6 waits for it
}

TEST(Commit, AStateReadAfterItsNewValueIsMadeGetsFreshStorage) {
  Compiled f(R"(func @step(%0 x: float32[2]) state(%1 w: float32[2] -> %2, %3 old: float32[2] -> %4) {
    %2 = toy_add(%1, %0): float32[2]
    %4 = toy_add(%1, %3): float32[2]
    return
  })");
  TensorRef w = make_tensor({2}, 1), old = make_tensor({2}, 10);
  std::vector<StateSlot> states{donated(w), donated(old)};
  f.run({make_tensor({2}, 5)}, states);
  EXPECT_EQ(values_of(states[0].value), (Floats{6, 6}));
  EXPECT_EQ(values_of(states[1].value), (Floats{11, 11}));
}

TEST(Commit, AnOutputThatIsTheOldStateKeepsIt) {
  Compiled f(R"(func @step(%0 x: float32[2]) state(%1 w: float32[2] -> %2) {
    %2 = toy_add(%1, %0): float32[2]
    %3 = reshape(%1) {shape=[2, 1]}: float32[2, 1]
    return %3, %2
  })");
  std::vector<StateSlot> states{donated(make_tensor({2}, 1))};
  auto outputs = f.run({make_tensor({2}, 5)}, states);
  EXPECT_EQ(values_of(outputs[0]), (Floats{1, 1}));
  EXPECT_EQ(values_of(outputs[1]), (Floats{6, 6}));
  EXPECT_EQ(values_of(states[0].value), (Floats{6, 6}));
}

TEST(Commit, StatesMayBeExchangedAndSetToInputs) {
  Compiled f(
      R"(func @step(%0 x: float32[2]) state(%1 a: float32[2] -> %2, %2 b: float32[2] -> %1, none c -> %0) {
    return
  })");
  std::vector<StateSlot> states{donated(make_tensor({2}, 1)), donated(make_tensor({2}, 2)), StateSlot{}};
  f.run({make_tensor({2}, 3)}, states);
  EXPECT_EQ(values_of(states[0].value), (Floats{2, 2}));
  EXPECT_EQ(values_of(states[1].value), (Floats{1, 1}));
  EXPECT_EQ(values_of(states[2].value), (Floats{3, 3}));
}

TEST(Commit, StridedStatesGetDenseStorage) {
  Compiled f(R"(func @step(%0 x: float32[2, 2]) state(%1 w: float32[2, 2] -> %2) {
    %2 = toy_add(%1, %0): float32[2, 2]
    return
  })");
  TensorRef row = make_tensor({2}, {1, 2});
  row.meta.shape = {2, 2};
  row.meta.strides = {0, 1};  // smaller than what is written
  std::vector<StateSlot> states{donated(row)};
  f.run({make_tensor({2, 2}, 10)}, states);
  EXPECT_EQ(values_of(states[0].value), (Floats{11, 12, 11, 12}));
  f.run({make_tensor({2, 2}, 10)}, states);
  EXPECT_EQ(values_of(states[0].value), (Floats{21, 22, 21, 22}));
}

TEST(Commit, NewStatesThatAreViewsBecomeDense) {
  Compiled f(R"(func @step(%0 x: float32[2, 3]) state(%1 w: float32[2, 3] -> %4) {
    %2 = toy_heavy(%0): float32[2, 3]
    %3 = transpose(%2) {pattern=[1, 0]}: float32[3, 2]
    %4 = reshape(%3) {shape=[2, 3]}: float32[2, 3]
    return
  })");
  std::vector<StateSlot> states{donated(make_tensor({2, 3}, 0))};
  f.run({make_tensor({2, 3}, {0, 1, 2, 3, 4, 5})}, states);
  EXPECT_TRUE(states[0].value.meta.is_dense());
  EXPECT_EQ(values_of(states[0].value), (Floats{1, 4, 2, 5, 3, 6}));
}

class FailAt : public InstructionObserver {
 public:
  explicit FailAt(int index) : index_(index) {}
  void before(int index, const Instruction&) override {
    if (index == index_) raise(ErrorKind::kRuntime, "toy_heavy: injected");
  }

 private:
  int index_;
};

struct Outcome {
  bool failed = false;
  std::string message;
};

/// Runs the step once, with the n-th allocation failing; if it fails, both states must be as before, bit for
/// bit and in the same storage.
Outcome run_and_check(Compiled& f, bool donate, int failing_allocation = 0) {
  TensorRef w = make_tensor({4}, {1, 2, 3, 4}), m = make_tensor({4}, {5, 6, 7, 8}), x = make_tensor({4}, 0);
  std::vector<StateSlot> states{{w, donate}, {m, donate}};
  Outcome outcome;
  fail_allocation_after(failing_allocation);
  try {
    f.run({x}, states);
  } catch (const Error& error) {
    outcome = {true, error.what()};
  }
  fail_allocation_after(0);
  f.execution.set_observer(nullptr);
  if (outcome.failed) {
    EXPECT_EQ(states[0].value.storage, w.storage);
    EXPECT_EQ(states[1].value.storage, m.storage);
    EXPECT_EQ(values_of(w), (Floats{1, 2, 3, 4}));
    EXPECT_EQ(values_of(m), (Floats{5, 6, 7, 8}));
  } else {
    EXPECT_EQ(values_of(states[0].value), (Floats{4.5, 6, 7.5, 9}));
    EXPECT_EQ(values_of(states[1].value), (Floats{7, 8, 9, 10}));
  }
  return outcome;
}

TEST(Commit, AFaultAtAnyInstructionChangesNoState) {
  for (bool donate : {true, false}) {
    Compiled f(kStep);
    int main = f.executable->plan(std::vector<Shape>{{4}})->commit_begin;
    for (int i = 0; i < main; ++i) {
      FailAt fault(i);
      f.execution.set_observer(&fault);
      EXPECT_TRUE(run_and_check(f, donate).failed) << i;
      EXPECT_FALSE(run_and_check(f, donate).failed) << "the next run after a fault at " << i;
    }
  }
}

TEST(Commit, AFailedAllocationChangesNoState) {
  for (bool donate : {true, false}) {
    int failures = 0;
    for (int n = 1;; ++n) {
      Compiled f(kStep);
      Outcome outcome = run_and_check(f, donate, n);
      if (!outcome.failed) break;
      ++failures;
      EXPECT_FALSE(run_and_check(f, donate).failed);
    }
    EXPECT_GE(failures, donate ? 2 : 4);  // arena, output; and the two states
  }
}

class CancelAt : public InstructionObserver {
 public:
  explicit CancelAt(int index) : index_(index) {}
  void before(int index, const Instruction&) override {
    if (index == index_) request_cancel();
  }

 private:
  int index_;
};

TEST(Commit, ACancelledStepChangesNoState) {
  Compiled f(kStep);
  int main = f.executable->plan(std::vector<Shape>{{4}})->commit_begin;
  for (int i = 0; i < main; ++i) {
    CancelAt cancel(i);
    f.execution.set_observer(&cancel);
    Outcome outcome = run_and_check(f, true);
    EXPECT_TRUE(outcome.failed) << i;
    EXPECT_TRUE(consume_cancel());
  }
  EXPECT_FALSE(run_and_check(f, true).failed);
}

// A kernel that looks at indices writes a state in place as well: its check is made before.
constexpr std::string_view kCache =
    R"(func @step(%0 x: float32[2], %1 at: int64[2]) state(%2 cache: float32[4] -> %4, %3 w: float32[2] -> %6) {
  %4 = index_set(%2, %0, %1) {axes=[0]}: float32[4]
  %5 = toy_heavy(%0): float32[2]
  %6 = toy_add(%3, %5): float32[2]
  return %5
})";

TensorRef indices(int64_t a, int64_t b) {
  TensorRef ref = allocate_tensor(DType::kInt64, {2}, {});
  static_cast<int64_t*>(ref.data())[0] = a;
  static_cast<int64_t*>(ref.data())[1] = b;
  return ref;
}

TEST(Commit, CheckedIndicesWriteTheirStateInPlace) {
  Compiled f(kCache);
  TensorRef cache = make_tensor({4}, {1, 2, 3, 4}), w = make_tensor({2}, 1);
  std::vector<StateSlot> states{donated(cache), donated(w)};
  f.run({make_tensor({2}, {7, 8}), indices(3, -4)}, states);
  EXPECT_EQ(states[0].value.storage, cache.storage);
  EXPECT_EQ(values_of(cache), (Floats{8, 2, 3, 7}));
}

TEST(Commit, AnIndexOutOfBoundsChangesNoState) {
  Compiled f(kCache);
  TensorRef cache = make_tensor({4}, {1, 2, 3, 4}), w = make_tensor({2}, 1);
  std::vector<StateSlot> states{donated(cache), donated(w)};
  try {
    f.run({make_tensor({2}, {7, 8}), indices(3, 4)}, states);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIndex);
    EXPECT_NE(std::string(error.what()).find("got 4"), std::string::npos) << error.what();
  }
  EXPECT_EQ(values_of(states[0].value), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(values_of(states[1].value), (Floats{1, 1}));
}

/// Raises once the commit section has begun.
class CommitWatcher : public InstructionObserver {
 public:
  explicit CommitWatcher(int commit_begin) : commit_begin_(commit_begin) {}
  void before(int index, const Instruction&) override { seen.push_back(index); }
  void after(const Instruction&, std::span<const TensorRef>, std::span<const TensorRef> outputs) override {
    results += static_cast<int>(outputs.size());
    if (seen.back() >= commit_begin_) raise(ErrorKind::kRuntime, "too late");
  }
  bool sees_commits() const override { return true; }
  std::vector<int> seen;
  int results = 0;

 private:
  int commit_begin_;
};

TEST(Commit, AnObserverThatAsksForItSeesTheSectionAndCannotStopIt) {
  Compiled f(kStep);
  CommitWatcher watcher(f.executable->plan(std::vector<Shape>{{4}})->commit_begin);
  f.execution.set_observer(&watcher);
  TensorRef w = make_tensor({4}, 1), m = make_tensor({4}, 2);
  std::vector<StateSlot> states{donated(w), donated(m)};
  f.run({make_tensor({4}, 0)}, states);
  EXPECT_EQ(watcher.seen, (std::vector<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(watcher.results, 6);
  EXPECT_EQ(values_of(states[0].value), (Floats{3, 3, 3, 3}));
}

TEST(Commit, ObserversOfTheThreadLookInsideOfTheExecutions) {
  Compiled f(kStep);
  FailAt own(0), inner(1);
  add_thread_observer(inner);
  f.execution.set_observer(&own);
  EXPECT_TRUE(run_and_check(f, true).failed);  // takes the execution's own observer away
  EXPECT_TRUE(run_and_check(f, true).failed);
  remove_thread_observer(inner);
  EXPECT_FALSE(run_and_check(f, true).failed);
}

TEST(Commit, ErrorsNameTheOperatorAndTheLine) {
  Compiled f(R"(func @main(%0 x: float32[4]) {
    %1 = toy_heavy(%0): float32[4]  # train.py:17
    return %1
  })");
  FailAt fault(0);
  f.execution.set_observer(&fault);
  try {
    f.run({make_tensor({4}, 0)});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "toy_heavy (train.py:17): injected");
  }
}

}  // namespace
}  // namespace miai
