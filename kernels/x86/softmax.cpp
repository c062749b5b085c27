// softmax and log_softmax of dense float32, along the last axis or along one before it.
#include "kernels/x86/softmax.h"

#include <algorithm>

#include "kernels/common/attrs/softmax.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/supported_dtypes.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {
namespace {

constexpr int64_t kGrain = 4 * 1024;  // elements that are worth a thread

const SoftmaxLoops& loops() {
  return choose_isa(baseline::softmax_loops, avx2::softmax_loops, avx512::softmax_loops);
}

Support supports(const KernelSignature& s) {
  if (Support can = supports_dtype(s.inputs[0].dtype); !can.ok) return can;
  if (!s.inputs[0].is_dense() || !s.outputs[0].is_dense())
    return Support::no("the input or the output is not dense");
  return Support::yes();
}

template <bool kLog>
void run(const KernelArgs& args) {
  const TensorView& in = args.inputs[0];
  int axis = softmax_axis(args.attrs_as<SoftmaxAttrs>(), in.rank());
  int64_t n = in.shape[axis], inner = 1;
  for (int i = axis + 1; i < in.rank(); ++i) inner *= in.shape[i];
  if (in.size() == 0) return;
  int64_t blocks = (inner + kSoftmaxColumns - 1) / kSoftmaxColumns, outer = in.size() / (n * inner);
  const float* x = in.as<float>();
  float* y = args.outputs[0].as<float>();
  int64_t work = n * std::min<int64_t>(inner, kSoftmaxColumns);
  parallel_for(0, outer * blocks, kGrain / work + 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t first = t % blocks * kSoftmaxColumns, at = t / blocks * n * inner + first;
      int count = static_cast<int>(std::min<int64_t>(kSoftmaxColumns, inner - first));
      if (inner == 1)
        loops().row(x + at, y + at, n, kLog);
      else
        loops().columns(x + at, inner, y + at, inner, n, count, kLog);
    }
  });
}

}  // namespace

void register_x86_softmax(KernelTable& table) {
  table.add({.op = "softmax",
             .name = "x86/softmax",
             .supports = supports,
             .run = run<false>,
             .cannot_fail = true,
             .preference = 10});
  table.add({.op = "log_softmax",
             .name = "x86/log_softmax",
             .supports = supports,
             .run = run<true>,
             .cannot_fail = true,
             .preference = 10});
}

}  // namespace miai::kernels
