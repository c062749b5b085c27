// Random functions, compiled at every level and on every kind of device, against a plain interpreter.
#include <gtest/gtest.h>

#include <map>

#include "runtime/backend.h"
#include "test/graph/common/random_function.h"

namespace miai {
namespace {

using namespace testing;
/// What the function means, one node after the other.
class Interpreter {
 public:
  void set(const Value* value, Floats data) { values_[value] = std::move(data); }
  const Floats& get(const Value* value) {
    if (value->constant && !values_.count(value)) {
      const auto* data = static_cast<const float*>(value->constant->data.get());
      set(value, Floats(data, data + kSide * kSide));
    }
    return values_.at(value);
  }
  void run(const Node& node) {
    Floats out = get(node.inputs[0]);
    const std::string& op = node.op->name;
    for (size_t i = 0; i < out.size(); ++i) {
      if (op == "toy_heavy") out[i] += 1;
      if (op == "toy_scale") out[i] *= static_cast<float>(node.attrs.as<ToyScaleAttrs>().factor);
      if (op == "toy_add") out[i] += get(node.inputs[1])[i];
      if (op == "toy_twice_plus") out[i] = 2 * out[i] + get(node.inputs[1])[i];
      if (op == "transpose") out[i] = get(node.inputs[0])[i % kSide * kSide + i / kSide];
    }
    set(node.outputs[0], std::move(out));
  }

 private:
  std::map<const Value*, Floats> values_;
};

void check(unsigned seed, int level, Device device) {
  RandomFunction made(seed, device);
  const Function& f = *made.function;
  Execution execution(compile(f, {.opt_level = level, .verify = true, .plan_limit = 4}));
  std::vector<StateSlot> slots;
  std::vector<Floats> states;
  for (size_t i = 0; i < f.states.size(); ++i) {
    states.push_back(made.numbers());
    slots.push_back({make_tensor({kSide, kSide}, states.back(), device), (seed + i) % 2 == 0});
  }
  std::vector<std::pair<TensorRef, Floats>> kept;  // results of earlier runs
  for (int run = 0; run < 3; ++run) {
    Interpreter plain;
    std::vector<TensorRef> inputs;
    for (const Value* value : f.inputs) {
      Floats data = made.numbers();
      plain.set(value, data);
      inputs.push_back(make_tensor({kSide, kSide}, data, device));
    }
    for (size_t i = 0; i < f.states.size(); ++i) plain.set(f.states[i].input, states[i]);
    for (const Node* node : f.nodes) plain.run(*node);
    for (StateSlot& slot : slots) slot.may_donate &= slot.value.storage->use_count() == 1;
    auto outputs = execution.run(inputs, slots);
    for (size_t i = 0; i < outputs.size(); ++i) kept.emplace_back(outputs[i], plain.get(f.outputs[i]));
    for (size_t i = 0; i < f.states.size(); ++i)
      if (f.states[i].output) states[i] = plain.get(f.states[i].output);
    for (size_t i = 0; i < f.states.size(); ++i)
      ASSERT_EQ(values_of(slots[i].value), states[i]) << "state " << i << " of run " << run << "\n"
                                                      << to_text(f);
    for (auto& [tensor, expected] : kept)
      ASSERT_EQ(values_of(tensor), expected) << "run " << run << "\n" << to_text(f);
  }
}

TEST(RandomGraphs, EveryLevelGivesTheSame) {
  for (unsigned seed = 0; seed < 1000; ++seed)
    for (int level = 0; level <= 2; ++level) {
      ASSERT_NO_FATAL_FAILURE(check(seed, level, {})) << "seed " << seed << " level " << level;
    }
}

TEST(RandomGraphs, OnAQueueOfItsOwn) {
  for (unsigned seed = 3000; seed < 3060; ++seed)
    ASSERT_NO_FATAL_FAILURE(check(seed, 2, parse_device("cpu:1")));
}

TEST(RandomGraphs, OnTheFakeDevice) {
  for (unsigned seed = 4000; seed < 4040; ++seed)
    ASSERT_NO_FATAL_FAILURE(check(seed, 2, parse_device("fake")));
}

}  // namespace
}  // namespace miai
