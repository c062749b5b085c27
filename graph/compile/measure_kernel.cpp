#include "graph/compile/measure_kernel.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>

#include "kernels/common/dtype.h"
#include "kernels/common/error.h"

namespace miai {
namespace {

constexpr double kEnough = 4e-3;  // seconds of measuring
constexpr int kLeastRuns = 3, kMostRuns = 50;

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, FreeMemory>;

Memory allocate(size_t bytes) {
  constexpr size_t kAlignment = 64;
  Memory memory(std::aligned_alloc(kAlignment, (bytes / kAlignment + 1) * kAlignment));
  if (!memory) raise(ErrorKind::kMemory, "fast_run: no memory of ", bytes, " bytes to measure a kernel with");
  return memory;
}

/// From the first element to the last.
size_t extent(const TensorMeta& meta) {
  if (!meta.present || meta.size() == 0) return 0;
  int64_t last = 0;
  for (int d = 0; d < meta.rank(); ++d) last += (meta.shape[d] - 1) * meta.strides[d];
  return static_cast<size_t>(last + 1) * dtype_size(meta.dtype);
}

/// Floats are 0.5, which no operator minds; integers 0, an index that any size allows.
void fill(void* memory, DType dtype, size_t bytes) {
  visit_dtype(dtype, [&]<class T>() {
    T value = T{};
    if constexpr (!std::is_integral_v<T>) value = T(0.5f);
    std::fill_n(static_cast<T*>(memory), bytes / sizeof(T), value);
  });
}

struct Operands {
  std::vector<Memory> memory;
  std::vector<TensorView> views;

  explicit Operands(std::span<const TensorMeta> metas) {
    for (const TensorMeta& meta : metas) {
      memory.push_back(allocate(extent(meta)));
      if (meta.present) fill(memory.back().get(), meta.dtype, extent(meta));
      views.push_back({meta, memory.back().get()});
    }
  }
};

}  // namespace

bool can_measure(const KernelSignature& signature) {
  auto runs_forwards = [](const TensorMeta& meta) {
    return !meta.present ||
           std::none_of(meta.strides.begin(), meta.strides.end(), [](int64_t s) { return s < 0; });
  };
  return std::all_of(signature.inputs.begin(), signature.inputs.end(), runs_forwards) &&
         std::all_of(signature.outputs.begin(), signature.outputs.end(), runs_forwards);
}

double measure_kernel(const Kernel& kernel, const KernelSignature& signature) {
  Prepared prepared = kernel.prepare ? kernel.prepare(signature) : Prepared{};
  Operands inputs(signature.inputs), outputs(signature.outputs);
  Memory packed = allocate(prepared.packed_bytes), workspace = allocate(prepared.workspace_bytes);
  if (signature.packed && prepared.packed_bytes > 0) {
    TensorView& weight = inputs.views[static_cast<size_t>(kernel.packs)];
    kernel.pack(prepared.state.get(), weight, packed.get());
    weight.data = packed.get();
  }
  KernelContext context;
  auto run = [&] {
    auto begin = std::chrono::steady_clock::now();
    kernel.run(
        {signature.attrs, prepared.state.get(), inputs.views, outputs.views, workspace.get(), context});
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  run();
  double best = run(), total = best;
  for (int i = 1; i < kMostRuns && (i < kLeastRuns || total < kEnough); ++i) {
    double seconds = run();
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

}  // namespace miai
