// C++ over the C ABI: owning handles, exceptions, spans. Header only; needs C++20.
//
//   miai::Model model("model.miai");
//   miai::Session session(model, "predict");
//   std::vector<float> pixels(28 * 28);
//   session.set_input(0, std::span<const float>(pixels), {1, 1, 28, 28});
//   session.run();
//   std::span<const float> scores = session.output<float>(0);
#pragma once
#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "miai/miai.h"

namespace miai {

/// A failed call: the code, and the library's message.
class SdkError : public std::runtime_error {
 public:
  explicit SdkError(miai_status status) : std::runtime_error(miai_last_error()), status_(status) {}
  miai_status status() const { return status_; }

 private:
  miai_status status_;
};
inline void check(miai_status status) {
  if (status != MIAI_OK) throw SdkError(status);
}

/// Registers the operators of a shared library (miai/plugin.h). Throws SdkError.
inline void load_plugin(const std::string& path) { check(miai_load_plugin(path.c_str())); }

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<bool> {
  static constexpr miai_dtype value = MIAI_BOOL;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr miai_dtype value = MIAI_UINT8;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr miai_dtype value = MIAI_INT8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr miai_dtype value = MIAI_INT16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr miai_dtype value = MIAI_INT32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr miai_dtype value = MIAI_INT64;
};
template <>
struct DTypeOf<float> {
  static constexpr miai_dtype value = MIAI_FLOAT32;
};
template <>
struct DTypeOf<double> {
  static constexpr miai_dtype value = MIAI_FLOAT64;
};

/// A loaded model: immutable, may be used by any number of threads. Throws SdkError.
class Model {
 public:
  explicit Model(const std::string& path, bool check_tensors = false) {
    miai_model* model = nullptr;
    check(miai_model_load(path.c_str(), check_tensors, &model));
    handle_.reset(model);
  }
  std::vector<std::string> functions() const {
    std::vector<std::string> names;
    for (int i = 0; i < miai_model_function_count(get()); ++i)
      names.emplace_back(miai_model_function_name(get(), i));
    return names;
  }
  std::vector<miai_tensor> inputs(const std::string& function) const {
    std::vector<miai_tensor> list(std::max(miai_model_input_count(get(), function.c_str()), 0));
    for (size_t i = 0; i < list.size(); ++i)
      check(miai_model_input(get(), function.c_str(), static_cast<int>(i), &list[i]));
    return list;
  }
  const miai_model* get() const { return handle_.get(); }

 private:
  struct Free {
    void operator()(miai_model* model) const { miai_model_free(model); }
  };
  std::unique_ptr<miai_model, Free> handle_;
};

/// Values of a model's states, shared by the sessions made with them.
class Variables {
 public:
  explicit Variables(const Model& model) {
    miai_variables* variables = nullptr;
    check(miai_variables_create(model.get(), &variables));
    handle_.reset(variables);
  }
  /// Writes the model with the present values; the file is whole or absent.
  void save(const std::string& path) { check(miai_variables_save(get(), path.c_str())); }
  miai_variables* get() const { return handle_.get(); }

 private:
  struct Free {
    void operator()(miai_variables* variables) const { miai_variables_free(variables); }
  };
  std::unique_ptr<miai_variables, Free> handle_;
};

/// A session of one function; belongs to one thread at a time.
class Session {
 public:
  Session(const Model& model, const std::string& function, const Variables* variables = nullptr) {
    miai_session* session = nullptr;
    check(
        miai_session_create(model.get(), function.c_str(), variables ? variables->get() : nullptr, &session));
    handle_.reset(session);
  }
  /// Threads that one operator of this session may use; 0: the process's number.
  void set_threads(int threads) { check(miai_session_set_threads(handle_.get(), threads)); }
  /// Copies an input in; the product of `shape` must be the number of elements.
  template <class T>
  void set_input(int index, std::span<const T> data, std::vector<int64_t> shape) {
    miai_tensor tensor{nullptr, DTypeOf<T>::value, static_cast<int32_t>(shape.size()), {}, data.data()};
    int64_t count = 1;
    if (shape.size() > MIAI_MAX_RANK) throw std::invalid_argument("a tensor has at most 8 dimensions");
    for (size_t i = 0; i < shape.size(); ++i) count *= tensor.shape[i] = shape[i];
    if (count != static_cast<int64_t>(data.size()))
      throw std::invalid_argument("the shape does not fit the data");
    check(miai_session_set_input(handle_.get(), index, &tensor));
  }
  void run() { check(miai_session_run(handle_.get())); }
  miai_tensor output_info(int index) const {
    miai_tensor tensor;
    check(miai_session_output(handle_.get(), index, &tensor));
    return tensor;
  }
  /// An output of the last run; valid until the next.
  template <class T>
  std::span<const T> output(int index) const {
    miai_tensor tensor = output_info(index);
    if (tensor.dtype != DTypeOf<T>::value) throw std::invalid_argument("the output has another dtype");
    size_t count = 1;
    for (int i = 0; i < tensor.rank; ++i) count *= static_cast<size_t>(tensor.shape[i]);
    return {static_cast<const T*>(tensor.data), count};
  }

 private:
  struct Free {
    void operator()(miai_session* session) const { miai_session_free(session); }
  };
  std::unique_ptr<miai_session, Free> handle_;
};

}  // namespace miai
