// A training step as the tracer records it, to test compilation with: a residual network on small images.
#pragma once
#include <set>

#include "graph/autodiff/backward.h"
#include "graph/ops/builders.h"
#include "kernels/common/attrs/batch_norm.h"
#include "kernels/common/attrs/conv2d.h"
#include "kernels/common/attrs/random.h"
#include "kernels/common/attrs/reduce.h"
#include "test/graph/common/toy_ops.h"

namespace miai::testing {

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

/// Convolutions with batch norm, dropout if asked for, and SGD with momentum.
class ResidualNetwork {
 public:
  explicit ResidualNetwork(int blocks, double drop = 0) : drop_(drop), emitter_(*function) {
    EmitterScope scope(&emitter_);
    constexpr int kBatch = 8, kChannels = 8, kSide = 12;
    Var x = emitter_.wrap(function->add_input(type({kBatch, 3, kSide, kSide}), "x"));
    Var target = emitter_.wrap(function->add_input(type({kBatch, 10}), "target"));
    Var h = emit1(find_op("relu"), {}, {norm(conv(x, 3, kChannels), kChannels)});
    for (int i = 0; i < blocks; ++i) {
      Var inside = dropped(emit1(find_op("relu"), {}, {norm(conv(h, kChannels, kChannels), kChannels)}));
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
  Var dropped(const Var& x) {
    if (drop_ == 0) return x;
    if (!random_) random_ = emitter_.wrap(function->add_state({DType::kInt64, {2}, {}}, "random"));
    DropoutAttrs attrs;
    attrs.drop_prob = drop_;
    attrs.ticket = tickets_++;
    Var inputs[] = {x, random_};
    return emit(find_op("dropout"), make_attrs(attrs), inputs)[0];
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
    RandomAdvanceAttrs attrs;
    attrs.count = tickets_;
    if (random_) write(random_, emit1(find_op("random_advance"), make_attrs(attrs), {random_}));
  }
  void write(const Var& state, const Var& value) {
    for (State& s : function->states)
      if (s.input == emitter_.unwrap(state)) s.output = emitter_.unwrap(value);
  }

  double drop_;
  int64_t tickets_ = 0;
  RecordingEmitter emitter_;
  Vars parameters_;
  Var random_;
};

inline TensorRef random_state() {
  TensorRef state;
  state.meta = dense_meta(DType::kInt64, {2});
  state.storage = Storage::allocate({}, 16);
  auto* numbers = static_cast<int64_t*>(state.storage->data());
  numbers[0] = 7, numbers[1] = 100;
  return state;
}

inline std::vector<StateSlot> first_states(const Function& f) {
  std::vector<StateSlot> slots;
  for (size_t i = 0; i < f.states.size(); ++i) {
    const State& state = f.states[i];
    if (state.name == "random") {
      slots.push_back({random_state(), true});
      continue;
    }
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

inline TensorRef wave(const Shape& shape) {
  std::vector<float> values;
  for (int64_t k = 0; k < element_count(shape); ++k)
    values.push_back(static_cast<float>(k * 29 % 23 - 11) * 0.1f);
  return make_tensor(shape, values);
}

}  // namespace miai::testing
