// Kernels that may run in a commit section cannot fail: on every sample of their operators, with no memory to
// be had and a cancellation pending, with values at the edges, they finish and raise nothing.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <vector>

#include "graph/ops/pointwise.h"
#include "graph/ops/tables.h"
#include "kernels/common/kernel_table.h"
#include "runtime/cancel.h"
#include "test/graph/common/no_memory.h"

namespace miai {
namespace {

/// Memory for a tensor, filled with bytes of which many are NaN, infinities, or the largest numbers.
class Memory {
 public:
  Memory(const TensorMeta& meta, std::mt19937& rng) : bytes_(byte_size(meta) + 64) {
    for (char& byte : bytes_) byte = static_cast<char>(rng() % 3 == 0 ? 0xff : rng() % 2 ? rng() : 0);
    if (meta.dtype == DType::kBool)
      for (char& byte : bytes_) byte = static_cast<char>(byte & 1);
    size_t address = reinterpret_cast<size_t>(bytes_.data());
    view_ = TensorView{meta, bytes_.data() + (64 - address % 64) % 64};
  }
  const TensorView& view() const { return view_; }

 private:
  std::vector<char> bytes_;
  TensorView view_;
};

struct Case {
  KernelCall call;
  std::vector<TensorMeta> inputs, outputs;
};

Case make_case(const OpDef& op, const Sample& sample) {
  std::vector<TensorType> types;
  std::vector<const TensorType*> pointers;
  Case made;
  std::vector<std::optional<SampleTensor>> tensors = sample.inputs;
  for (size_t i = 0; op.random && i < op.inputs.size() && tensors.size() < op.inputs.size(); ++i)
    if (op.inputs[i].name == "state") tensors.insert(tensors.begin() + static_cast<int>(i), i64({2}));
  types.reserve(tensors.size());
  for (const auto& input : tensors) {
    TensorMeta meta;
    meta.present = false;
    pointers.push_back(nullptr);
    if (input) {
      meta = dense_meta(input->dtype, input->shape);
      pointers.back() = &types.emplace_back(TensorType{input->dtype, to_dims(input->shape), Device{}});
    }
    made.inputs.push_back(meta);
  }
  Attrs attrs = op.attrs ? parse_attrs(op.name, *op.attrs, sample.attrs) : Attrs();
  for (const TensorType& type : infer_outputs(op, attrs, pointers))
    made.outputs.push_back(dense_meta(type.dtype, static_shape(type.shape)));
  made.call = kernel_call(op, attrs, made.inputs, made.outputs);
  return made;
}

/// Whether the kernel took the case.
bool run_without_memory(const Kernel& kernel, const Case& c, std::mt19937& rng) {
  KernelSignature signature{c.call.op, c.inputs, c.outputs, c.call.attrs, DeviceKind::kCpu};
  if (kernel.supports && !kernel.supports(signature).ok) return false;
  Prepared prepared = kernel.prepare ? kernel.prepare(signature) : Prepared{};
  std::vector<Memory> memory;
  std::vector<TensorView> inputs, outputs;
  for (const TensorMeta& meta : c.inputs)
    inputs.push_back(meta.present ? memory.emplace_back(meta, rng).view() : TensorView{meta, nullptr});
  for (const TensorMeta& meta : c.outputs) outputs.push_back(memory.emplace_back(meta, rng).view());
  std::vector<char> workspace(prepared.workspace_bytes + 64);
  size_t address = reinterpret_cast<size_t>(workspace.data());
  void* scratch = workspace.data() + (64 - address % 64) % 64;
  CancelMask mask;
  KernelContext context;
  KernelArgs args{c.call.attrs, prepared.state.get(), inputs, outputs, scratch, context};
  bool failed = false;
  {
    test::NoMemory no_memory;
    try {
      kernel.run(args);
    } catch (...) {
      failed = true;
    }
  }
  EXPECT_FALSE(failed) << kernel.name << " raised and is marked as one that cannot";
  return true;
}

TEST(CommitKernels, WhatIsMarkedAsInfallibleDoesNotFail) {
  std::mt19937 rng(1);
  size_t runs = 0;
  request_cancel();
  for (const OpDef* op : OpTable::global().all()) {
    const SampleList* samples = SampleTable::global().find(op->name);
    if (!samples || op->is_view() || op->name == "to_device") continue;
    for (const Sample& sample : samples->valid_samples) {
      Case c = make_case(*op, sample);
      for (const auto& kernel : KernelTable::global().find(DeviceKind::kCpu, c.call.op))
        if (kernel->cannot_fail) runs += run_without_memory(*kernel, c, rng);
    }
  }
  consume_cancel();
  EXPECT_GT(runs, 1000u);
}

}  // namespace
}  // namespace miai
