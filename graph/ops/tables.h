// The tables of all operators, of their gradients, and of their samples. Generated code fills them from the
// list of files in graph/ops; the last two are not linked into the SDK.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/op_def.h"
#include "graph/ops/sample.h"

namespace miai {

/// What a gradient rule is given. It returns one Var an input; empty means zero.
class GradContext {
 public:
  GradContext(const OpDef& op, const Attrs& attrs, Vars inputs, Vars outputs,
              std::vector<TensorType> input_types, Vars out_grads, std::vector<bool> needs)
      : op(op),
        attrs(attrs),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)),
        input_types_(std::move(input_types)),
        out_grads_(std::move(out_grads)),
        needs_(std::move(needs)) {}

  const OpDef& op;
  const Attrs& attrs;
  template <class T>
  const T& attrs_as() const {
    return attrs.as<T>();
  }
  int input_count() const { return static_cast<int>(input_types_.size()); }
  bool has_input(int i) const { return i < input_count() && present_(i); }
  /// Only of the inputs and outputs that the rule's GradDef saves.
  const Var& input(int i) const { return inputs_[i]; }
  const Var& output(int i) const { return outputs_[i]; }
  const TensorType& input_type(int i) const { return input_types_[i]; }
  /// Gradient of output i; empty for zero.
  const Var& grad(int i = 0) const { return out_grads_[i]; }
  /// Whether the gradient of input i is asked for (false for integers, constants, absent inputs).
  bool needs(int i) const { return needs_[i]; }
  void set_absent(std::vector<bool> absent) { absent_ = std::move(absent); }

 private:
  bool present_(int i) const { return absent_.empty() || !absent_[i]; }
  Vars inputs_, outputs_;
  std::vector<TensorType> input_types_;
  Vars out_grads_;
  std::vector<bool> needs_, absent_;
};

struct GradDef {
  std::function<Vars(GradContext&)> rule;
  std::vector<int> saves_inputs{};  // whose values the rule reads; {kAll} for all
  std::vector<int> saves_outputs{};
  static constexpr int kAll = -1;
};

class OpTable {
 public:
  /// Raises ValueError if the name is taken. The definition lives as long as the process.
  const OpDef& add(OpDef op);
  /// All of them, or, if a name is taken, none.
  void add_all(std::vector<OpDef> ops);
  const OpDef* find(std::string_view name) const;  // nullptr if unknown
  std::vector<const OpDef*> all() const;           // by name
  static OpTable& global();

 private:
  void check_free(std::string_view name) const;
  mutable std::mutex mutex_;  // operators may be registered at run time
  std::map<std::string, std::unique_ptr<OpDef>, std::less<>> ops_;
};

class GradTable {
 public:
  void add(std::string op, GradDef grad);
  const GradDef* find(std::string_view op) const;  // nullptr: not differentiable
  size_t size() const { return grads_.size(); }
  static GradTable& global();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, GradDef, std::less<>> grads_;
};

class SampleTable {
 public:
  SampleList& of(std::string_view op);  // made when new
  const SampleList* find(std::string_view op) const;
  static SampleTable& global();

 private:
  std::map<std::string, SampleList, std::less<>> samples_;
};

/// The operator of that name; raises ValueError "no operator named 'x'". Keep the result in a static where it
/// is hot.
const OpDef& find_op(std::string_view name);

}  // namespace miai
