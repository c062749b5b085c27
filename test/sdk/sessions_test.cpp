// Sessions of one model in many threads: the same bits, and all are served. MIAI_LONG=1
// (scripts/check-all.sh, under the thread sanitizer) makes it 10,000 runs a thread.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <miai/miai.hpp>
#include <thread>

namespace {

std::string golden_model() { return std::string(MIAI_SOURCE_DIR) + "/test/golden/0.1.0/predict.miai"; }

std::vector<int64_t> input_shape(const miai::Model& model) {
  miai_tensor input = model.inputs("predict")[0];
  std::vector<int64_t> shape(input.shape, input.shape + input.rank);
  for (int64_t& size : shape) size = size < 0 ? 2 : size;  // a dynamic size
  return shape;
}

/// The outputs of one run on numbers that `seed` gives.
std::vector<float> run(miai::Session& session, const std::vector<int64_t>& shape, int seed) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  std::vector<float> data(static_cast<size_t>(count));
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<float>((i * 7 + static_cast<size_t>(seed) * 13) % 29) / 29;
  session.set_input<float>(0, data, shape);
  session.run();
  std::span<const float> out = session.output<float>(0);
  return {out.begin(), out.end()};
}

/// Runs `runs` times in each of `threads` threads, a session each; how many results were as expected.
int runs_as_expected(int threads, int runs) {
  constexpr int kSeeds = 5;
  miai::Model model(golden_model());
  const std::vector<int64_t> shape = input_shape(model);
  std::vector<std::vector<float>> expected;
  miai::Session first(model, "predict");
  for (int seed = 0; seed < kSeeds; ++seed) expected.push_back(run(first, shape, seed));
  std::atomic<int> right = 0;
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      miai::Session session(model, "predict");
      for (int i = 0; i < runs; ++i) {
        int seed = (t + i) % kSeeds;
        right += run(session, shape, seed) == expected[static_cast<size_t>(seed)];
      }
    });
  for (std::thread& worker : workers) worker.join();
  return right;
}

TEST(Sessions, EightThreadsGetTheSameBits) {
  const int runs = std::getenv("MIAI_LONG") ? 10'000 : 200;
  EXPECT_EQ(runs_as_expected(8, runs), 8 * runs);
}

TEST(Sessions, SixtyFourAreAllServed) { EXPECT_EQ(runs_as_expected(64, 20), 64 * 20); }

}  // namespace
