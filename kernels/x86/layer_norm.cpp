// layer_norm and its gradient for dense float32. The samples of the gradient are cut into groups by their
// number alone, so the threads change no bit.
#include "kernels/x86/layer_norm.h"

#include <algorithm>

#include "kernels/common/attrs/layer_norm.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {
namespace {

constexpr int64_t kGrain = 8 * 1024;  // elements that are worth a thread
constexpr int64_t kMostGroups = 16;
constexpr int64_t kLeastSamples = 32;  // of a group

const LayerNormLoops& loops() {
  return choose_isa(baseline::layer_norm_loops, avx2::layer_norm_loops, avx512::layer_norm_loops);
}

Support supports(const KernelSignature& s) {
  if (Support can = supports_dtype(s.inputs[0].dtype); !can.ok) return can;
  auto lies_dense = [](const TensorMeta& meta) { return !meta.present || meta.is_dense(); };
  bool dense = std::all_of(s.inputs.begin(), s.inputs.end(), lies_dense) &&
               std::all_of(s.outputs.begin(), s.outputs.end(), lies_dense);
  return dense ? Support::yes() : Support::no("an input or output is not dense");
}

const float* optional_input(const KernelArgs& args, size_t i) {
  return i < args.inputs.size() && args.inputs[i].present ? args.inputs[i].as<float>() : nullptr;
}

void run_forward(const KernelArgs& args) {
  const auto& a = args.attrs_as<LayerNormAttrs>();
  int64_t n = element_count(static_shape(a.normalized_shape)), samples = args.outputs[1].size();
  const float *x = args.inputs[0].as<float>(), *weight = optional_input(args, 1),
              *bias = optional_input(args, 2);
  float* y = args.outputs[0].as<float>();
  parallel_for(0, samples, kGrain / n + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      LayerNormStatistics s = loops().forward(x + i * n, weight, bias, y + i * n, n, a.eps);
      args.outputs[1].as<float>()[i] = s.mean;
      args.outputs[2].as<float>()[i] = s.rstd;
    }
  });
}

int64_t group_count(int64_t samples) { return std::clamp<int64_t>(samples / kLeastSamples, 1, kMostGroups); }

Prepared prepare_backward(const KernelSignature& s) {
  size_t n = static_cast<size_t>(s.outputs[1].size());
  return {nullptr, static_cast<size_t>(group_count(s.inputs[3].size())) * 2 * n * sizeof(double)};
}

void run_backward(const KernelArgs& args) {
  int64_t n = args.outputs[1].size(), samples = args.inputs[3].size(), groups = group_count(samples);
  const float *dy = args.inputs[0].as<float>(), *x = args.inputs[1].as<float>();
  const float *weight = optional_input(args, 2), *mean = args.inputs[3].as<float>();
  const float* rstd = args.inputs[4].as<float>();
  float* dx = args.outputs[0].as<float>();
  auto* sums = static_cast<double*>(args.workspace);  // of each group: dweight, dbias
  auto group = [&](int64_t g) {
    double* dweight = sums + g * 2 * n;
    std::fill_n(dweight, 2 * n, 0.0);
    for (int64_t i = samples * g / groups; i < samples * (g + 1) / groups; ++i)
      loops().backward(dy + i * n, x + i * n, weight, {mean[i], rstd[i]}, dx + i * n, dweight, dweight + n,
                       n);
  };
  parallel_for(0, groups, kGrain / (n * (samples / groups) + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) group(g);
  });
  for (int64_t j = 0; j < n; ++j) {
    double dweight = 0, dbias = 0;
    for (int64_t g = 0; g < groups; ++g) dweight += sums[g * 2 * n + j], dbias += sums[g * 2 * n + n + j];
    args.outputs[1].as<float>()[j] = static_cast<float>(dweight);
    args.outputs[2].as<float>()[j] = static_cast<float>(dbias);
  }
}

}  // namespace

void register_x86_layer_norm(KernelTable& table) {
  table.add({.op = "layer_norm",
             .name = "x86/layer_norm",
             .supports = supports,
             .run = run_forward,
             .preference = 10});
  table.add({.op = "layer_norm_backward",
             .name = "x86/layer_norm_backward",
             .supports = supports,
             .prepare = prepare_backward,
             .run = run_backward,
             .preference = 10});
}

}  // namespace miai::kernels
