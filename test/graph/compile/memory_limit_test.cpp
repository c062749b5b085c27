// Steps under a limit of memory: the same bits in less of it.
#include <gtest/gtest.h>

#include <cstring>

#include "kernels/common/error.h"
#include "runtime/allocator.h"
#include "test/graph/common/random_function.h"
#include "test/graph/common/residual_network.h"

namespace miai {
namespace {

using namespace testing;

const std::vector<Shape> kNetworkInputs{{8, 3, 12, 12}, {8, 10}};

std::string bytes_of(const TensorRef& tensor) {
  std::string bytes(byte_size(tensor.meta), '\0');
  std::memcpy(bytes.data(), static_cast<char*>(tensor.storage->data()) + tensor.byte_offset, bytes.size());
  return bytes;
}

/// Losses and states, as bytes, of some steps.
std::vector<std::string> train(const Function& f, const CompileOptions& options, int steps) {
  Execution execution(compile(f, options));
  std::vector<StateSlot> states = first_states(f);
  std::vector<std::string> results;
  for (int step = 0; step < steps; ++step)
    results.push_back(bytes_of(execution.run({wave({8, 3, 12, 12}), wave({8, 10})}, states)[0]));
  for (const StateSlot& slot : states) results.push_back(bytes_of(slot.value));
  return results;
}

/// The number in "the smallest limit possible is 1.00 MiB (1048576 bytes)".
int64_t smallest_limit(const Function& f, CompileOptions options, const std::vector<Shape>& inputs) {
  options.memory_limit = 1;
  try {
    compile(f, options)->plan(inputs);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kValue);
    std::string text = error.what();
    size_t at = text.find("the smallest limit possible is ");
    EXPECT_NE(at, std::string::npos) << text;
    return std::stoll(text.substr(text.find('(', at) + 1));
  }
  ADD_FAILURE() << "a limit of one byte";
  return 0;
}

TEST(MemoryLimit, ChangesNoBitOfATrainingStep) {
  use_toy_ops();
  ResidualNetwork network(4, 0.3);
  const Function& f = *network.function;
  for (int level : {0, 1, 2}) {
    CompileOptions options{.opt_level = level, .verify = true};
    std::vector<std::string> expected = train(f, options, 4);
    MemoryReport plain = compile(f, options)->memory_report(kNetworkInputs);
    int64_t least = smallest_limit(f, options, kNetworkInputs);
    EXPECT_LT(least, plain.peak_bytes * 6 / 10);
    for (int part : {0, 5, 10}) {
      options.memory_limit = least + (plain.peak_bytes - least) * part / 10;
      MemoryReport report = compile(f, options)->memory_report(kNetworkInputs);
      EXPECT_LE(report.peak_bytes, options.memory_limit) << part;
      EXPECT_EQ(report.repeated.empty(), part == 10) << part;
      EXPECT_EQ(train(f, options, 4), expected) << "level " << level << ", " << part << " tenths of the way";
    }
  }
}

TEST(MemoryLimit, OneByteLessThanTheSmallestIsRefused) {
  use_toy_ops();
  ResidualNetwork network(2);
  CompileOptions options;
  int64_t least = smallest_limit(*network.function, options, kNetworkInputs);
  options.memory_limit = least;
  EXPECT_EQ(compile(*network.function, options)->plan(kNetworkInputs)->peak_bytes(), least);
  options.memory_limit = least - 1;
  EXPECT_THROW(compile(*network.function, options)->plan(kNetworkInputs), Error);
}

TEST(MemoryLimit, TheRealPeakIsThePredictedOne) {
  use_toy_ops();
  ResidualNetwork network(4);
  for (bool limited : {false, true}) {
    CompileOptions options;
    auto plain = compile(*network.function, options);
    if (limited) options.memory_limit = plain->memory_report(kNetworkInputs).peak_bytes * 6 / 10;
    auto executable = compile(*network.function, options);
    int64_t predicted = executable->memory_report(kNetworkInputs).peak_bytes;
    trim_memory({});
    int64_t before = memory_stats({}).allocated;
    {
      Execution execution(executable);
      std::vector<StateSlot> states = first_states(*network.function);
      std::vector<TensorRef> inputs{wave({8, 3, 12, 12}), wave({8, 10})};
      reset_max_memory_stats({});
      execution.run(inputs, states);
    }
    auto real = static_cast<double>(memory_stats({}).max_allocated - before);
    EXPECT_NEAR(real / static_cast<double>(predicted), 1, 0.02);
  }
}

/// A residual net of 400 convolutions: 1/12 of its activations, at most half as much time again.
TEST(MemoryLimit, DeepNetworksTrainInATwelfthOfTheirActivations) {
  use_toy_ops();
  ResidualNetwork network(200);
  CompileOptions options{.opt_level = 0};
  MemoryReport plain = compile(*network.function, options)->memory_report(kNetworkInputs);
  int64_t activations =
      plain.arena_bytes - plain.commit_bytes;  // gradients of parameters wait for the commit
  options.memory_limit = plain.peak_bytes - activations + activations / 12;
  MemoryReport report = compile(*network.function, options)->memory_report(kNetworkInputs);
  EXPECT_LE(report.peak_bytes, options.memory_limit);
  EXPECT_LE(report.repeated_seconds, 0.5 * (report.seconds - report.repeated_seconds));
}

TEST(MemoryLimit, EffectsRunOnce) {
  use_toy_ops();
  auto f = std::make_shared<Function>("effects");
  TensorType type{DType::kFloat32, {4096}, {}};
  std::vector<Value*> saved{f->add_input(type, "x")};
  f->add_node(find_op("toy_effect"), {}, {saved[0]});
  for (int i = 0; i < 12; ++i)
    saved.push_back(f->add_node(find_op("toy_heavy"), {}, {saved.back()})->outputs[0]);
  Value* sum = saved.back();
  for (auto it = saved.rbegin(); it != saved.rend(); ++it)
    sum = f->add_node(find_op("toy_add"), {}, {sum, *it})->outputs[0];
  f->outputs = {sum};
  CompileOptions options{.opt_level = 0};
  std::vector<StateSlot> none;
  std::vector<TensorRef> inputs{make_tensor({4096}, 1)};
  std::string expected = bytes_of(Execution(compile(*f, options)).run(inputs, none)[0]);
  options.memory_limit = smallest_limit(*f, options, std::vector<Shape>{Shape{4096}});
  auto executable = compile(*f, options);
  EXPECT_FALSE(executable->memory_report(std::vector<Shape>{Shape{4096}}).repeated.empty());
  int runs = toy_effect_runs();
  EXPECT_EQ(bytes_of(Execution(executable).run(inputs, none)[0]), expected);
  EXPECT_EQ(toy_effect_runs(), runs + 1);
}

/// Three runs of a random function; what each gave and left in the states.
std::vector<std::vector<float>> results_of(RandomFunction& made, const CompileOptions& options, unsigned seed,
                                           Device device) {
  const Function& f = *made.function;
  Execution execution(compile(f, options));
  std::vector<StateSlot> slots;
  std::vector<std::vector<float>> all;
  auto numbers = [](unsigned salt) {
    return std::vector<float>(kSide * kSide, static_cast<float>(salt % 17));
  };
  for (size_t i = 0; i < f.states.size(); ++i)
    slots.push_back({make_tensor({kSide, kSide}, numbers(seed + static_cast<unsigned>(i)), device), true});
  for (unsigned run = 0; run < 3; ++run) {
    std::vector<TensorRef> inputs;
    for (size_t i = 0; i < f.inputs.size(); ++i)
      inputs.push_back(
          make_tensor({kSide, kSide}, numbers(seed * 3 + run + static_cast<unsigned>(i)), device));
    for (const TensorRef& output : execution.run(inputs, slots)) all.push_back(values_of(output));
    for (const StateSlot& slot : slots) all.push_back(values_of(slot.value));
    for (StateSlot& slot : slots) slot.may_donate = slot.value.storage->use_count() == 1;
  }
  return all;
}

void check_random(unsigned seed, Device device, int& limited) {
  RandomFunction made(seed, device);
  CompileOptions options{.opt_level = static_cast<int>(seed % 3), .verify = true};
  std::vector<Shape> shapes(made.function->inputs.size(), {kSide, kSide});
  int64_t most = compile(*made.function, options)->memory_report(shapes).peak_bytes;
  std::vector<std::vector<float>> expected = results_of(made, options, seed, device);
  int64_t least = smallest_limit(*made.function, options, shapes);
  ASSERT_LE(least, most);
  limited += least < most;
  for (int64_t limit : {least, least + (most - least) / 2}) {
    options.memory_limit = limit;
    ASSERT_LE(compile(*made.function, options)->memory_report(shapes).peak_bytes, limit);
    ASSERT_EQ(results_of(made, options, seed, device), expected);
  }
}

TEST(MemoryLimit, RandomFunctionsGiveTheSame) {
  int limited = 0;
  for (unsigned seed = 0; seed < 300; ++seed)
    ASSERT_NO_FATAL_FAILURE(check_random(seed, {}, limited)) << "seed " << seed;
  EXPECT_GT(limited, 10);
  for (const char* device : {"cpu:1", "fake"})
    for (unsigned seed = 300; seed < 320; ++seed)
      ASSERT_NO_FATAL_FAILURE(check_random(seed, parse_device(device), limited)) << device << ' ' << seed;
}

}  // namespace
}  // namespace miai
