// A session: one function's execution, its inputs and last outputs.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "kernels/common/error.h"
#include "kernels/common/parallel.h"
#include "kernels/common/strided.h"
#include "sdk/src/model.h"
#include "sdk/src/status.h"

namespace miai::sdk {
namespace {

double element(const TensorRef& tensor, int64_t i) {
  return visit_dtype(tensor.meta.dtype, [&]<class T>() {
    T value = static_cast<const T*>(tensor.data())[i];
    if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
      return static_cast<double>(static_cast<float>(value));
    else
      return static_cast<double>(value);
  });
}

/// Users see outputs without strides: what is a view (a transpose, a slice) is copied.
TensorRef dense(TensorRef tensor) {
  if (tensor.meta.is_dense()) return tensor;
  TensorRef copy = allocate_tensor(tensor.meta.dtype, tensor.meta.shape, {});
  visit_dtype(tensor.meta.dtype, [&]<class T>() {
    const T* from = static_cast<const T*>(tensor.data());
    T* to = static_cast<T*>(copy.data());
    for_each_offset(
        tensor.meta.shape, [&](int64_t at, int64_t i) { to[i] = from[at]; }, tensor.meta.strides,
        copy.meta.strides);
  });
  return copy;
}

class Session {
 public:
  Session(std::shared_ptr<const LoadedModel> model, const char* function,
          std::shared_ptr<Variables> variables)
      : model_(std::move(model)),
        function_(model_->function(function)),
        variables_(std::move(variables)),
        execution_(std::in_place, model_->executable(function_, 0)) {
    inputs_.resize(function_.function->inputs.size());
    const auto& states = function_.function->states;
    writes_ = std::any_of(states.begin(), states.end(), [](const State& s) { return s.output != nullptr; });
  }

  void set_threads(int threads) {
    ThreadCountScope valid(threads);
    if (threads == threads_) return;
    execution_.emplace(model_->executable(function_, threads));
    threads_ = threads;
  }

  void set_input(int index, const miai_tensor& tensor) {
    const Value& input = *function_.function->inputs.at(checked("input", index, inputs_.size()));
    auto dtype = static_cast<DType>(tensor.dtype);
    if (tensor.dtype < MIAI_BOOL || tensor.dtype > MIAI_FLOAT64 || dtype != input.type.dtype)
      raise(ErrorKind::kType, "input '", input.name, "': expected dtype ", input.type.dtype, ", got ",
            miai_dtype_name(tensor.dtype));
    if (tensor.rank != input.type.rank())
      raise(ErrorKind::kValue, "input '", input.name, "': expected rank ", input.type.rank(), ", got rank ",
            tensor.rank);
    Shape shape;
    for (int i = 0; i < tensor.rank; ++i) shape.push_back(tensor.shape[i]);
    check_sizes(input, shape);
    if (!tensor.data && element_count(shape)) raise(ErrorKind::kValue, "input '", input.name, "': no data");
    TensorRef copy = allocate_tensor(dtype, shape, {});
    if (byte_size(copy.meta)) std::memcpy(copy.data(), tensor.data, byte_size(copy.meta));
    inputs_[index] = std::move(copy);
  }

  void run() {
    for (size_t i = 0; i < inputs_.size(); ++i)
      if (!inputs_[i])
        raise(ErrorKind::kValue, "input '", function_.function->inputs[i]->name, "' has not been set");
    outputs_ = run_with(inputs_);
  }

  void output(int index, miai_tensor* output) {
    if (outputs_.empty() && !function_.function->outputs.empty())
      raise(ErrorKind::kRuntime, "there are no outputs before the first run");
    checked("output", index, outputs_.size());
    describe(outputs_[index], function_.function->output_names[index], output);
  }

  void verify(int index, miai_difference* difference) {
    const TestVector& test = function_.tests.at(checked("test vector", index, function_.tests.size()));
    std::vector<TensorRef> inputs;
    for (const HostTensor& input : test.inputs) inputs.push_back(to_tensor_ref(input));
    std::vector<TensorRef> outputs = run_with(inputs);
    *difference = {0, 0, nullptr, test.atol, test.rtol, 1};
    for (size_t k = 0; k < outputs.size(); ++k)
      compare(outputs[k], to_tensor_ref(test.outputs[k]), function_.function->output_names[k], difference);
  }

 private:
  static size_t checked(const char* what, int index, size_t count) {
    if (index < 0 || static_cast<size_t>(index) >= count)
      raise(ErrorKind::kIndex, what, " ", index, " does not exist: there are ", count);
    return static_cast<size_t>(index);
  }

  static void check_sizes(const Value& input, const Shape& shape) {
    int64_t count = 1;
    for (int i = 0; i < shape.size(); ++i) {
      Dim expected = input.type.shape[i];
      if (shape[i] < 0 || __builtin_mul_overflow(count, shape[i], &count) || count > (int64_t{1} << 48))
        raise(ErrorKind::kValue, "input '", input.name, "': impossible shape ", shape);
      if (expected.is_static() && expected.value() != shape[i])
        raise(ErrorKind::kValue, "input '", input.name, "': expected shape ", input.type.shape, ", got ",
              shape);
    }
  }

  std::vector<TensorRef> run_with(const std::vector<TensorRef>& inputs) {
    ThreadCountScope scope(threads_);
    std::unique_lock lock(variables_->mutex());
    std::vector<StateSlot> slots;
    for (const State& state : function_.function->states) {
      StateSlot slot;
      TensorRef& value = variables_->value(state.name);
      if (state.input) {
        slot.may_donate = value.storage->use_count() == 1;
        slot.value = value;
      }
      slots.push_back(std::move(slot));
    }
    if (!writes_) lock.unlock();  // readers of the same values run side by side
    std::vector<TensorRef> outputs = execution_->run(inputs, slots);
    for (TensorRef& output : outputs) output = dense(std::move(output));
    for (size_t i = 0; i < slots.size(); ++i)
      if (function_.function->states[i].output)
        variables_->value(function_.function->states[i].name) = std::move(slots[i].value);
    return outputs;
  }

  static void compare(const TensorRef& got, const TensorRef& expected, const std::string& name,
                      miai_difference* all) {
    if (!(got.meta.shape == expected.meta.shape) || got.meta.dtype != expected.meta.dtype)
      raise(ErrorKind::kRuntime, "output '", name, "' has another dtype or shape than the test vector");
    for (int64_t i = 0; i < got.meta.size(); ++i) {
      double a = element(got, i), b = element(expected, i);
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      double difference = std::isnan(a) || std::isnan(b) ? HUGE_VAL : std::fabs(a - b);
      double relative = difference / std::max(1.0, std::fabs(b));
      if (!std::isfinite(difference) || difference > all->atol + all->rtol * std::fabs(b)) all->within = 0;
      if (!(relative <= all->relative)) all->output = name.c_str();
      all->absolute = std::max(all->absolute, difference);
      all->relative = std::isnan(relative) ? HUGE_VAL : std::max(all->relative, relative);  // inf / inf
    }
  }

  std::shared_ptr<const LoadedModel> model_;
  const ModelFunction& function_;
  std::shared_ptr<Variables> variables_;
  std::optional<Execution> execution_;  // always there
  std::vector<TensorRef> inputs_, outputs_;
  bool writes_ = false;
  int threads_ = 0;
};

}  // namespace
}  // namespace miai::sdk

struct miai_session {
  miai::sdk::Session session;
};

using miai::sdk::guarded;

miai_status miai_session_create(const miai_model* model, const char* function, miai_variables* variables,
                                miai_session** session) {
  return guarded([&] {
    *session = nullptr;
    auto values = variables ? variables->shared : std::make_shared<miai::sdk::Variables>(model->loaded);
    *session = std::unique_ptr<miai_session>(new miai_session{{model->loaded, function, std::move(values)}})
                   .release();
  });
}

void miai_session_free(miai_session* session) { std::unique_ptr<miai_session> owned(session); }

miai_status miai_session_set_threads(miai_session* session, int threads) {
  return guarded([&] { session->session.set_threads(threads); });
}

miai_status miai_session_set_input(miai_session* session, int index, const miai_tensor* input) {
  return guarded([&] { session->session.set_input(index, *input); });
}

miai_status miai_session_run(miai_session* session) {
  return guarded([&] { session->session.run(); });
}

miai_status miai_session_output(miai_session* session, int index, miai_tensor* output) {
  return guarded([&] { session->session.output(index, output); });
}

miai_status miai_session_verify(miai_session* session, int test, miai_difference* difference) {
  return guarded([&] { session->session.verify(test, difference); });
}
