// A training step as the tracer records it: forward, backward, update of the states.
#include <gtest/gtest.h>

#include <set>

#include "graph/autodiff/backward.h"
#include "graph/ops/builders.h"
#include "kernels/common/attrs/batch_norm.h"
#include "kernels/common/attrs/conv2d.h"
#include "kernels/common/attrs/reduce.h"
#include "test/graph/compile/run_text.h"

namespace miai {
namespace {

using namespace testing;

/// Emits nodes and keeps the records that backward needs.
class RecordingEmitter : public GraphEmitter {
 public:
  using GraphEmitter::GraphEmitter;
  Vars emit(const OpDef& op, const Attrs& attrs, std::span<const Var> inputs) override {
    Vars outputs = GraphEmitter::emit(op, attrs, inputs);
    if (!is_recording) return outputs;
    std::vector<bool> needs(inputs.size());
    bool any = false;
    for (size_t i = 0; i < inputs.size(); ++i) any |= needs[i] = tracked.contains(id_of(inputs[i]));
    if (!any) return outputs;
    for (const Var& output : outputs) tracked.insert(id_of(output));
    records.push_back(make_record(op, attrs, inputs, outputs, needs, id_of));
    return outputs;
  }
  static uint64_t id_of(const Var& var) {
    static Function none;
    return var ? static_cast<uint64_t>(GraphEmitter(none).unwrap(var)->id) + 1 : 0;
  }
  std::vector<OpRecord> records;
  std::set<uint64_t> tracked;
  bool is_recording = true;
};

/// A residual network on small images, with batch norm, and SGD with momentum.
class Network {
 public:
  explicit Network(int blocks) : emitter_(*function) {
    EmitterScope scope(&emitter_);
    constexpr int kBatch = 8, kChannels = 8, kSide = 12;
    Var x = emitter_.wrap(function->add_input(type({kBatch, 3, kSide, kSide}), "x"));
    Var target = emitter_.wrap(function->add_input(type({kBatch, 10}), "target"));
    Var h = emit1(find_op("relu"), {}, {norm(conv(x, 3, kChannels), kChannels)});
    for (int i = 0; i < blocks; ++i) {
      Var inside = emit1(find_op("relu"), {}, {norm(conv(h, kChannels, kChannels), kChannels)});
      h = emit1(find_op("relu"), {}, {norm(conv(inside, kChannels, kChannels), kChannels) + h});
    }
    Var flat = sum(h, Ints{2, 3}, false) * (1.0 / (kSide * kSide));
    Var out = emit1(find_op("linear"), {}, {flat, parameter({10, kChannels}), parameter({10})});
    Var loss = sum(square(out - target), std::nullopt, false);
    update(loss);
    function->outputs = {emitter_.unwrap(loss)};
  }
  FunctionPtr function = std::make_shared<Function>("train_step");

 private:
  static TensorType type(Dims shape) { return {DType::kFloat32, shape, {}}; }
  Var state(Dims shape, const std::string& name) {
    return emitter_.wrap(function->add_state(type(shape), name + std::to_string(function->states.size())));
  }
  Var parameter(Dims shape) {
    parameters_.push_back(state(shape, "p"));
    emitter_.tracked.insert(RecordingEmitter::id_of(parameters_.back()));
    return parameters_.back();
  }
  Var conv(const Var& x, int in, int out) {
    return emit1(find_op("conv2d"), make_attrs(Conv2dAttrs{{1, 1}, {1, 1}, {1, 1}, 1}),
                 {x, parameter({out, in, 3, 3}), Var()});
  }
  Var norm(const Var& x, int channels) {
    BatchNormAttrs attrs;
    attrs.training = true;
    size_t at = function->states.size();
    Var mean = state({channels}, "mean"), var = state({channels}, "var");
    Var inputs[] = {x, mean, var, parameter({channels}), parameter({channels})};
    Vars outputs = emit(find_op("batch_norm"), make_attrs(attrs), inputs);
    function->states[at].output = emitter_.unwrap(outputs[1]);
    function->states[at + 1].output = emitter_.unwrap(outputs[2]);
    return outputs[0];
  }
  void update(const Var& loss) {
    emitter_.is_recording = false;
    Gradients grads;
    add_gradient(grads, RecordingEmitter::id_of(loss), full({}, 1, DType::kFloat32, {}));
    std::vector<uint64_t> wanted;
    for (const Var& p : parameters_) wanted.push_back(RecordingEmitter::id_of(p));
    run_backward(emitter_.records, grads, wanted, RecordingEmitter::id_of);
    Var rate = state({}, "rate");
    for (const Var& p : parameters_) {
      Var velocity = state(p.shape(), "v");
      Var moved = velocity * 0.9 + (grads.at(RecordingEmitter::id_of(p)) + p * 1e-4);
      write(velocity, moved);
      write(p, p - rate * moved);
    }
  }
  void write(const Var& state, const Var& value) {
    for (State& s : function->states)
      if (s.input == emitter_.unwrap(state)) s.output = emitter_.unwrap(value);
  }

  RecordingEmitter emitter_;
  Vars parameters_;
};

std::vector<StateSlot> first_states(const Function& f) {
  std::vector<StateSlot> slots;
  for (size_t i = 0; i < f.states.size(); ++i) {
    const State& state = f.states[i];
    Shape shape = static_shape(state.input->type.shape);
    std::vector<float> values;
    for (int64_t k = 0; k < element_count(shape); ++k) {
      float wave = static_cast<float>((k * 37 + static_cast<int64_t>(i) * 11) % 19 - 9) * 0.01f;
      values.push_back(state.name[0] == 'p' ? wave + (shape.size() == 1 ? 1.0f : 0) : 0);
      if (state.name.starts_with("var")) values.back() = 1;
      if (state.name.starts_with("rate")) values.back() = 1e-3f;
    }
    slots.push_back({make_tensor(shape, values), true});
  }
  return slots;
}

TensorRef wave(const Shape& shape) {
  std::vector<float> values;
  for (int64_t k = 0; k < element_count(shape); ++k)
    values.push_back(static_cast<float>(k * 29 % 23 - 11) * 0.1f);
  return make_tensor(shape, values);
}

TEST(TrainingStep, ArenaIsNearTheLowerBound) {
  use_toy_ops();
  for (int blocks : {1, 3, 6})
    for (int level : {0, 1, 2}) {
      Network network(blocks);
      auto executable = compile(*network.function, {.opt_level = level, .verify = true, .plan_limit = 4});
      MemoryReport report = executable->memory_report({{8, 3, 12, 12}, {8, 10}});
      EXPECT_LE(static_cast<double>(report.arena_bytes), 1.05 * static_cast<double>(report.lower_bound_bytes))
          << blocks << " blocks, level " << level << "\n"
          << report.to_string();
      EXPECT_GT(report.commit_bytes, 0);
    }
}

TEST(TrainingStep, StatesAreWrittenInPlace) {
  use_toy_ops();
  Network network(2);
  for (int level : {0, 2}) {
    Execution execution(compile(*network.function, {.opt_level = level, .verify = true, .plan_limit = 4}));
    std::vector<StateSlot> states = first_states(*network.function);
    std::vector<StateSlot> before = states;
    execution.run({wave({8, 3, 12, 12}), wave({8, 10})}, states);
    for (size_t i = 0; i < states.size(); ++i)
      EXPECT_EQ(states[i].value.storage, before[i].value.storage) << network.function->states[i].name;
  }
}

TEST(TrainingStep, LevelsAgreeOverManySteps) {
  use_toy_ops();
  Network network(2);
  std::vector<std::vector<float>> losses;
  for (int level : {0, 1, 2}) {
    Execution execution(compile(*network.function, {.opt_level = level, .verify = true, .plan_limit = 4}));
    std::vector<StateSlot> states = first_states(*network.function);
    losses.emplace_back();
    for (int step = 0; step < 10; ++step)
      losses.back().push_back(values_of(execution.run({wave({8, 3, 12, 12}), wave({8, 10})}, states)[0])[0]);
  }
  EXPECT_LT(losses[0].back(), losses[0].front());
  for (size_t step = 0; step < losses[0].size(); ++step)
    for (int level : {1, 2})
      EXPECT_NEAR(losses[static_cast<size_t>(level)][step] / losses[0][step], 1, 1e-4) << step;
}

}  // namespace
}  // namespace miai
