// One executable, many executions.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "kernels/common/error.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;

constexpr std::string_view kChain = R"(func @main(%0 x: float32[n]) state(%1 w: float32[n]) {
  %2 = toy_heavy(%0): float32[n]
  %3 = toy_add(%2, %1): float32[n]
  %4 = toy_heavy(%3): float32[n]
  return %4
})";

TEST(Threads, ExecutionsOfOneExecutableRunTogether) {
  use_toy_ops();
  CompileOptions options;
  options.plan_limit = 2;  // fewer than the sizes in use: plans come and go
  std::shared_ptr<Executable> executable = compile(*parse_function(kChain), options);
  std::atomic<int> wrong{0};
  auto work = [&](int thread) {
    Execution execution(executable);
    for (int run = 0; run < 60; ++run) {
      int64_t size = 1 + (run + thread) % 5;
      std::vector<StateSlot> states{kept(make_tensor({size}, 10))};
      std::vector<float> got =
          values_of(execution.run({make_tensor({size}, static_cast<float>(run))}, states)[0]);
      wrong += got != std::vector<float>(static_cast<size_t>(size), static_cast<float>(run) + 12);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

class RunAgain : public InstructionObserver {
 public:
  explicit RunAgain(Execution& execution) : execution_(execution) {}
  void before(int, const Instruction&) override {
    std::thread other([&] {
      std::vector<StateSlot> states{kept(make_tensor({2}, 1))};
      try {
        execution_.run({make_tensor({2}, 1)}, states);
      } catch (const Error& error) {
        message = error.what();
      }
    });
    other.join();
  }
  std::string message;

 private:
  Execution& execution_;
};

TEST(Threads, OneExecutionBelongsToOneThreadAtATime) {
  Compiled f(kChain);
  RunAgain second(f.execution);
  f.execution.set_observer(&second);
  std::vector<StateSlot> states{kept(make_tensor({2}, 1))};
  EXPECT_NO_THROW(f.run({make_tensor({2}, 1)}, states));
  EXPECT_EQ(second.message, "main: this execution is running in another thread; make one a thread");
}

}  // namespace
}  // namespace miai
