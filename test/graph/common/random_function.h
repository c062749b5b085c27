// Random functions of toy operators.
#pragma once
#include <random>

#include "graph/ops/tables.h"
#include "kernels/common/attrs/shape.h"
#include "test/graph/common/toy_ops.h"

namespace miai::testing {

using Floats = std::vector<float>;

inline constexpr int kSide = 3;  // all values are kSide x kSide

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

}  // namespace miai::testing
