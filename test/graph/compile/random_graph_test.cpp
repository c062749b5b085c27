// Random functions, compiled at every level and on every kind of device, against a plain interpreter.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "graph/ops/tables.h"
#include "kernels/common/attrs/shape.h"
#include "runtime/backend.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;
using Floats = std::vector<float>;

constexpr int kSide = 3;  // all values are kSide x kSide

class RandomFunction {
 public:
  RandomFunction(unsigned seed, Device device)
      : random_(seed), type_{DType::kFloat32, {kSide, kSide}, device} {
    use_toy_ops();
    for (int i = 0; i < 2; ++i) pool_.push_back(function->add_input(type_, "x" + std::to_string(i)));
    for (int i = 0; i < 3; ++i) pool_.push_back(function->add_state(type_, "s" + std::to_string(i)));
    Floats data = numbers();
    pool_.push_back(function->add_constant(type_, copy_constant(data.data(), data.size() * sizeof(float))));
    int count = number(1, 25);
    for (int i = 0; i < count; ++i) add_node();
    int outputs = number(0, 3);
    for (int i = 0; i < outputs; ++i) function->outputs.push_back(any());
    for (State& state : function->states)
      if (number(0, 2)) state.output = any();
  }

  FunctionPtr function = std::make_shared<Function>("random");

  Floats numbers() {
    Floats list;
    for (int i = 0; i < kSide * kSide; ++i) list.push_back(static_cast<float>(number(-8, 8)));
    return list;
  }

 private:
  int number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  Value* any() { return pool_[static_cast<size_t>(number(0, static_cast<int>(pool_.size()) - 1))]; }
  void add(const char* op, const Attrs& attrs, std::vector<Value*> inputs) {
    pool_.push_back(function->add_node(find_op(op), attrs, std::move(inputs))->outputs[0]);
  }
  void add_node() {
    switch (number(0, 6)) {
      case 0:
        return add("toy_heavy", {}, {any()});
      case 1: {
        ToyScaleAttrs attrs;
        attrs.factor = number(-1, 2);
        return add("toy_scale", make_attrs(attrs), {any()});
      }
      case 2:
        return add("toy_twice_plus", {}, {any(), any()});
      case 3:
        return add("transpose", make_attrs(TransposeAttrs{{1, 0}}), {any()});
      case 4:
        return add("reshape", make_attrs(ShapeAttrs{{kSide, kSide}}), {any()});
      default:
        return add("toy_add", {}, {any(), any()});
    }
  }

  std::mt19937 random_;
  TensorType type_;
  std::vector<Value*> pool_;
};

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
  for (unsigned seed = 0; seed < 400; ++seed)
    for (int level = 0; level <= 2; ++level) {
      ASSERT_NO_FATAL_FAILURE(check(seed, level, {})) << "seed " << seed << " level " << level;
    }
}

TEST(RandomGraphs, OnAQueueOfItsOwn) {
  for (unsigned seed = 1000; seed < 1060; ++seed)
    ASSERT_NO_FATAL_FAILURE(check(seed, 2, parse_device("cpu:1")));
}

TEST(RandomGraphs, OnTheFakeDevice) {
  for (unsigned seed = 2000; seed < 2040; ++seed)
    ASSERT_NO_FATAL_FAILURE(check(seed, 2, parse_device("fake")));
}

}  // namespace
}  // namespace miai
