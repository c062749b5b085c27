// Sample calls of an operator, valid and invalid: every test of it, on every backend, reads them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/common/attrs/attrs.h"
#include "kernels/common/small_vector.h"

namespace miai {

using AttrList = std::vector<std::pair<std::string, AttrValue>>;

/// How a sample's tensor is made. Values are drawn from [low, high) (whole numbers for integer dtypes), or
/// given.
struct SampleTensor {
  DType dtype = DType::kFloat32;
  Shape shape;
  double low = -1, high = 1;
  std::vector<double> values{};  // given values instead of random ones, row-major
  enum class Form {
    kDense,
    kTransposed,
    kSliced,
    kBroadcast
  } form = Form::kDense;  // how a tensor of `shape` lies in memory
  bool distinct = false;  // all values differ by a margin (max, sort: no ties)
  bool grad = true;       // gradients are checked (floats)

  SampleTensor range(double lo, double hi) const {
    return with([&](auto& t) { t.low = lo, t.high = hi; });
  }
  SampleTensor transposed() const {
    return with([](auto& t) { t.form = Form::kTransposed; });
  }
  SampleTensor sliced() const {
    return with([](auto& t) { t.form = Form::kSliced; });
  }
  SampleTensor broadcast() const {
    return with([](auto& t) { t.form = Form::kBroadcast; });
  }
  SampleTensor all_distinct() const {
    return with([](auto& t) { t.distinct = true; });
  }
  SampleTensor no_grad() const {
    return with([](auto& t) { t.grad = false; });
  }
  SampleTensor of(std::vector<double> v) const {
    return with([&](auto& t) { t.values = std::move(v); });
  }

 private:
  template <class F>
  SampleTensor with(F&& change) const {
    SampleTensor copy = *this;
    change(copy);
    return copy;
  }
};
inline SampleTensor f32(Shape shape) { return {DType::kFloat32, shape}; }
inline SampleTensor f64(Shape shape) { return {DType::kFloat64, shape}; }
inline SampleTensor f16(Shape shape) { return {DType::kFloat16, shape}; }
inline SampleTensor bf16(Shape shape) { return {DType::kBFloat16, shape}; }
inline SampleTensor i64(Shape shape, double low = 0, double high = 10) {
  return SampleTensor{DType::kInt64, shape}.range(low, high);
}
inline SampleTensor i32(Shape shape, double low = 0, double high = 10) {
  return SampleTensor{DType::kInt32, shape}.range(low, high);
}
inline SampleTensor b8(Shape shape) { return SampleTensor{DType::kBool, shape}.range(0, 2); }
inline SampleTensor typed(DType dtype, Shape shape) { return {dtype, shape}; }

struct Sample {
  std::vector<std::optional<SampleTensor>> inputs;  // variadic ones follow the fixed ones; nullopt: absent
  AttrList attrs;
  uint64_t seed = 0;  // set by the list: the sample's number
};

struct InvalidSample {
  std::vector<std::optional<SampleTensor>> inputs;
  AttrList attrs;
  ErrorKind kind = ErrorKind::kValue;
  std::string message;  // must be contained in the error's text
};

struct SampleList {
  std::vector<Sample> valid_samples;
  std::vector<InvalidSample> invalid_samples;
  // Tolerances against the float64 reference, relative to max(1, |expected|), for float32; 16-bit floats use
  // their own epsilon scaled by the same factor.
  double tolerance = 1e-5;
  bool check_grad = true;  // central differences; false for what is flat or random (say why at the call)
  bool check_second_order = true;

  SampleList& valid(std::vector<std::optional<SampleTensor>> inputs, AttrList attrs = {}) {
    uint64_t seed = valid_samples.size() + 1;
    valid_samples.push_back({std::move(inputs), std::move(attrs), seed});
    return *this;
  }
  SampleList& invalid(std::vector<std::optional<SampleTensor>> inputs, AttrList attrs, ErrorKind kind,
                      std::string message) {
    invalid_samples.push_back({std::move(inputs), std::move(attrs), kind, std::move(message)});
    return *this;
  }
};

}  // namespace miai
