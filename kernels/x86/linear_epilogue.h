// What linear and linear_bias_act do to the product: bias, residual and activation, over the rows of a dense
// output.
#pragma once
#include <algorithm>

#include "kernels/common/kernel.h"
#include "kernels/common/parallel.h"
#include "kernels/x86/epilogue.h"

namespace miai::kernels {

inline Support supports_epilogue(const KernelSignature& s) {
  if (!s.outputs[0].is_dense()) return Support::no("an output with gaps");
  if (s.inputs.size() > 3 && s.inputs[3].present && !s.inputs[3].is_dense())
    return Support::no("a z with gaps");
  return Support::yes();
}

template <class T>
void finish_linear(const KernelArgs& args, Activation activation) {
  auto has = [&](size_t i) { return i < args.inputs.size() && args.inputs[i].present; };
  bool has_bias = has(2), has_z = has(3);
  if (!has_bias && !has_z && activation == Activation::kIdentity) return;
  const TensorView& out = args.outputs[0];
  int64_t n = out.shape.back();
  if (n == 0) return;
  parallel_for(0, out.size() / n, 16 * 1024 / n + 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      T* y = out.as<T>() + row * n;
      if (has_bias) {
        const T* bias = args.inputs[2].as<T>();
        int64_t stride = args.inputs[2].strides[0];
        for (int64_t j = 0; j < n; ++j) y[j] += bias[j * stride];
      }
      if (has_z) {
        const T* z = args.inputs[3].as<T>() + row * n;
        for (int64_t j = 0; j < n; ++j) y[j] += z[j];
      }
      activate(activation, y, n);
    }
  });
}

}  // namespace miai::kernels
