// Every valid sample of every operator, as a function of that one operator: level 0 against level 2, and
// against the fake device.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "graph/compile/executable.h"
#include "graph/ops/tables.h"
#include "runtime/copy.h"

namespace miai {
namespace {

template <class T>
T element_of(double value) {
  if constexpr (sizeof(T) == 2 && !std::is_integral_v<T>) {
    return T(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    return value >= 1;
  } else {
    return static_cast<T>(std::is_integral_v<T> ? std::floor(value) : value);
  }
}

std::vector<double> draw(const SampleTensor& sample, std::mt19937& random) {
  std::vector<double> values = sample.values;
  auto count = static_cast<size_t>(element_count(sample.shape));
  std::uniform_real_distribution<double> uniform(sample.low, sample.high);
  while (values.size() < count)
    values.push_back(sample.distinct
                         ? sample.low + (sample.high - sample.low) * static_cast<double>(values.size()) /
                                            static_cast<double>(count)
                         : uniform(random));
  if (sample.distinct && sample.values.empty()) std::shuffle(values.begin(), values.end(), random);
  return values;
}

/// Strides of the form, in a storage of `size` elements.
Strides strides_of(const SampleTensor& sample, int64_t& size) {
  int rank = sample.shape.size();
  Strides strides = dense_strides(sample.shape);
  if (sample.form == SampleTensor::Form::kTransposed) {
    int64_t step = 1;
    for (int i = 0; i < rank; ++i) {
      strides[i] = step;
      step *= std::max<int64_t>(sample.shape[i], 1);
    }
  }
  if (sample.form == SampleTensor::Form::kSliced)
    for (int i = 0; i < rank; ++i) strides[i] *= 2;
  if (sample.form == SampleTensor::Form::kBroadcast && rank) strides[0] = 0;
  size = 1;
  for (int i = 0; i < rank; ++i) size += std::max<int64_t>(sample.shape[i] - 1, 0) * strides[i];
  return strides;
}

TensorRef make_tensor(const SampleTensor& sample, std::mt19937& random, bool dense, Device device) {
  TensorRef ref;
  ref.meta = dense_meta(sample.dtype, sample.shape);
  int64_t size = element_count(sample.shape);
  if (!dense) ref.meta.strides = strides_of(sample, size);
  TensorRef memory = allocate_tensor(sample.dtype, {size}, device);
  std::vector<double> values = draw(sample, random);
  visit_dtype(sample.dtype, [&]<class T>() {
    auto host = std::make_unique<T[]>(static_cast<size_t>(size));
    for (size_t i = 0; i < static_cast<size_t>(element_count(sample.shape)); ++i) {
      int64_t rest = static_cast<int64_t>(i), at = 0;
      for (int axis = sample.shape.size() - 1; axis >= 0; --axis) {
        at += rest % sample.shape[axis] * ref.meta.strides[axis];
        rest /= sample.shape[axis];
      }
      host[static_cast<size_t>(at)] = element_of<T>(values[i]);
    }
    write_from_host(host.get(), memory);
  });
  ref.storage = memory.storage;
  return ref;
}

std::vector<double> read(TensorRef tensor) {
  if (!tensor.meta.is_dense()) {  // a view of an input
    tensor.meta.shape = {static_cast<int64_t>(tensor.storage->bytes() / dtype_size(tensor.meta.dtype))};
    tensor.meta.strides = {1};
    tensor.byte_offset = 0;
  }
  std::vector<double> values;
  visit_dtype(tensor.meta.dtype, [&]<class T>() {
    auto count = static_cast<size_t>(tensor.meta.size());
    auto host = std::make_unique<T[]>(count);
    read_to_host(tensor, host.get());
    for (size_t i = 0; i < count; ++i) {
      if constexpr (sizeof(T) == 2 && !std::is_integral_v<T>) {
        values.push_back(static_cast<float>(host[i]));
      } else {
        values.push_back(static_cast<double>(host[i]));
      }
    }
  });
  return values;
}

using Results = std::vector<std::vector<double>>;

Results run(const OpDef& op, const Sample& sample, int level, bool dense, Device device) {
  std::mt19937 random(static_cast<unsigned>(sample.seed));
  Function f(op.name);
  std::vector<Value*> values;
  std::vector<TensorRef> tensors;
  for (const auto& input : sample.inputs) {
    values.push_back(input ? f.add_input({input->dtype, to_dims(input->shape), device}, "") : nullptr);
    if (input) tensors.push_back(make_tensor(*input, random, dense, device));
  }
  AttrList attrs = sample.attrs;
  if (op.attrs && op.attrs->find("device")) {
    std::erase_if(attrs, [](const auto& a) { return a.first == "device"; });
    attrs.emplace_back("device", device);
  }
  f.outputs = f.add_node(op, op.attrs ? parse_attrs(op.name, *op.attrs, attrs) : Attrs(), values)->outputs;
  CompileOptions options;
  options.opt_level = level;
  options.verify = true;
  Execution execution(compile(f, options));
  std::vector<StateSlot> none;
  Results results;
  for (const TensorRef& output : execution.run(tensors, none)) results.push_back(read(output));
  return results;
}

void expect_close(const Results& a, const Results& b, double tolerance, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (size_t k = 0; k < a.size(); ++k) {
    ASSERT_EQ(a[k].size(), b[k].size()) << what;
    for (size_t i = 0; i < a[k].size(); ++i) {
      if (std::isnan(a[k][i]) && std::isnan(b[k][i])) continue;
      if (a[k][i] == b[k][i]) continue;
      ASSERT_LE(std::abs(a[k][i] - b[k][i]), tolerance * std::max(1.0, std::abs(a[k][i])))
          << what << " output " << k;
    }
  }
}

double tolerance_of(const Sample& sample, double base) {
  for (const auto& input : sample.inputs)
    if (input && dtype_size(input->dtype) == 2 && is_float(input->dtype)) return base * 0x1p14;
  return base;
}

TEST(Samples, PlansAgreeAtEveryLevelAndOnTheFakeDevice) {
  int count = 0;
  for (const OpDef* op : OpTable::global().all()) {
    const SampleList* list = SampleTable::global().find(op->name);
    for (size_t i = 0; list && i < list->valid_samples.size(); ++i) {
      const Sample& sample = list->valid_samples[i];
      std::string what = op->name + " sample " + std::to_string(i + 1);
      try {
        Results plain = run(*op, sample, 0, false, {});
        double tolerance = tolerance_of(sample, list->tolerance);
        expect_close(plain, run(*op, sample, 2, false, {}), tolerance, what + " at level 2");
        Results dense = run(*op, sample, 0, true, {});
        expect_close(dense, run(*op, sample, 0, true, parse_device("fake")), tolerance,
                     what + " on the fake device");
        ++count;
      } catch (const std::exception& error) {
        ADD_FAILURE() << what << ": " << error.what();
      }
    }
  }
  EXPECT_GT(count, 500);
}

}  // namespace
}  // namespace miai
