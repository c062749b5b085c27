// Runs any kernel of an operator by name on tensors made here, and compares it with the reference kernel.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/common/kernel_table.h"
#include "kernels/common/strided.h"

namespace miai::test {

/// A tensor with its memory, which is a little larger than needed and aligned as storage is.
class Tensor {
 public:
  Tensor(const TensorMeta& meta, size_t elements)
      : bytes_(std::make_shared<std::vector<char>>(elements * dtype_size(meta.dtype) + 64)),
        view_{meta, nullptr} {
    size_t address = reinterpret_cast<size_t>(bytes_->data());
    view_.data = bytes_->data() + (64 - address % 64) % 64;
  }
  static Tensor zeros(DType dtype, const Shape& shape) {
    TensorMeta meta = dense_meta(dtype, shape);
    return Tensor(meta, static_cast<size_t>(meta.size()));
  }
  static Tensor absent() {
    TensorMeta meta;
    meta.present = false;
    return Tensor(meta, 1);
  }
  /// Uniform in [-1, 1), whole numbers in [-9, 9] for integers; `permutation` gives the order in memory
  /// (empty: row-major), `gap` leaves elements out between the innermost ones.
  static Tensor random(DType dtype, const Shape& shape, std::mt19937& rng, std::vector<int> permutation = {},
                       int gap = 1) {
    TensorMeta meta = dense_meta(dtype, shape);
    if (permutation.empty())
      for (int d = 0; d < shape.size(); ++d) permutation.push_back(d);
    int64_t stride = gap;
    for (int i = shape.size() - 1; i >= 0; --i) {
      meta.strides[permutation[i]] = stride;
      stride *= std::max<int64_t>(shape[permutation[i]], 1);
    }
    Tensor t(meta, static_cast<size_t>(stride));
    std::uniform_real_distribution<double> real(-1, 1);
    for (int64_t i = 0; i < stride; ++i) t.set(i, is_float(dtype) ? real(rng) : std::floor(real(rng) * 10));
    return t;
  }

  /// The same elements, laid out without gaps as `meta` says.
  Tensor laid_out(const TensorMeta& meta) const {
    Tensor t(meta, static_cast<size_t>(meta.size()));
    for_each_offset(
        meta.shape,
        [&](int64_t from, int64_t to) {
          size_t bytes = dtype_size(meta.dtype);
          std::memcpy(static_cast<char*>(t.view_.data) + static_cast<size_t>(to) * bytes,
                      static_cast<const char*>(view_.data) + static_cast<size_t>(from) * bytes, bytes);
        },
        view_.strides, meta.strides);
    return t;
  }

  const TensorView& view() const { return view_; }
  double at(int64_t linear) const {  // row-major index
    int64_t offset = 0;
    for (int d = view_.rank() - 1; d >= 0; --d) {
      offset += linear % view_.shape[d] * view_.strides[d];
      linear /= view_.shape[d];
    }
    return visit_dtype(view_.dtype, [&]<class T>() -> double {
      T value = view_.as<T>()[offset];
      if constexpr (std::is_arithmetic_v<T>)
        return static_cast<double>(value);
      else
        return static_cast<float>(value);
    });
  }

  /// Sets the element at an offset in memory.
  void set(int64_t offset, double value) {
    visit_dtype(view_.dtype, [&]<class T>() {
      if constexpr (std::is_arithmetic_v<T>)
        view_.as<T>()[offset] = static_cast<T>(value);
      else
        view_.as<T>()[offset] = T(static_cast<float>(value));
    });
  }

 private:
  std::shared_ptr<std::vector<char>> bytes_;  // copies see the same elements
  TensorView view_;
};

struct Call {
  std::string op;
  Attrs attrs;
  std::vector<Tensor> inputs;
  std::vector<TensorMeta> outputs;
};

/// One kernel prepared for one call, with its weight packed if asked for; `run` may be used from several
/// threads.
class PreparedKernel {
 public:
  PreparedKernel(const Kernel& kernel, const Call& call, bool packs = false) : kernel_(kernel), call_(call) {
    for (const Tensor& t : call.inputs) inputs_.push_back(t.view()), input_metas_.push_back(t.view());
    if (kernel.supports) support = kernel.supports(signature(packs));
    if (!support.ok) return;
    if (kernel.prepare) prepared_ = kernel.prepare(signature(packs));
    if (!packs || !prepared_.packed_bytes) return;
    packed_ = bytes(prepared_.packed_bytes);
    TensorView& weight = inputs_[static_cast<size_t>(kernel.packs)];
    kernel.pack(prepared_.state.get(), weight, packed_.view().data);
    weight.data = packed_.view().data;
  }
  std::vector<Tensor> run() const {
    std::vector<Tensor> outputs;
    for (const TensorMeta& meta : call_.outputs)
      outputs.push_back(Tensor(meta, static_cast<size_t>(meta.size())));
    std::vector<TensorView> results;
    for (const Tensor& t : outputs) results.push_back(t.view());
    Tensor workspace = bytes(prepared_.workspace_bytes);
    KernelContext context;
    kernel_.run({call_.attrs, prepared_.state.get(), inputs_, results, workspace.view().data, context});
    return outputs;
  }
  Support support;
  template <class State>
  const State& state_as() const {
    return *static_cast<const State*>(prepared_.state.get());
  }

 private:
  static Tensor bytes(size_t count) { return Tensor::zeros(DType::kInt8, {static_cast<int64_t>(count)}); }
  KernelSignature signature(bool packs) const {
    return {call_.op, input_metas_, call_.outputs, call_.attrs, DeviceKind::kCpu, packs};
  }
  const Kernel& kernel_;
  const Call& call_;
  std::vector<TensorView> inputs_;
  std::vector<TensorMeta> input_metas_;
  Prepared prepared_;
  Tensor packed_ = Tensor::absent();
};

inline double epsilon_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return 1e-3;
    case DType::kBFloat16:
      return 8e-3;
    case DType::kFloat64:
      return 1e-14;
    default:
      return 1.2e-7;
  }
}

inline void expect_close(const std::vector<Tensor>& got, const std::vector<Tensor>& expected, double factor,
                         const std::string& what) {
  for (size_t k = 0; k < expected.size(); ++k) {
    double tolerance = factor * epsilon_of(expected[k].view().dtype);
    for (int64_t i = 0; i < expected[k].view().size(); ++i) {
      double want = expected[k].at(i), have = got[k].at(i);
      if (std::isnan(want) && std::isnan(have)) continue;
      ASSERT_LE(std::abs(want - have), tolerance * std::max(1.0, std::abs(want)))
          << what << ": output " << k << ", element " << i << ": expected " << want << ", got " << have;
    }
  }
}

/// Runs every kernel that supports the call, with its weight as it is and packed, and compares it with the
/// reference; returns how many were compared.
inline int check_kernels(const Call& call, double factor, const std::string& what) {
  const auto& kernels = KernelTable::global().find(DeviceKind::kCpu, call.op);
  EXPECT_FALSE(kernels.empty()) << "no kernel of " << call.op;
  if (kernels.empty()) return 0;
  const Kernel& reference = *kernels.back();
  EXPECT_TRUE(reference.name.starts_with("reference/")) << reference.name;
  std::vector<Tensor> expected = PreparedKernel(reference, call).run();
  int compared = 0;
  for (const auto& kernel : kernels) {
    if (kernel.get() == &reference) continue;
    PreparedKernel prepared(*kernel, call);
    if (!prepared.support.ok) {
      EXPECT_FALSE(prepared.support.reason.empty()) << kernel->name;
      continue;
    }
    expect_close(prepared.run(), expected, factor, kernel->name + " " + what);
    if (kernel->packs >= 0)
      if (PreparedKernel packed(*kernel, call, true); packed.support.ok)
        expect_close(packed.run(), expected, factor, kernel->name + " packed " + what);
    ++compared;
  }
  return compared;
}

}  // namespace miai::test
