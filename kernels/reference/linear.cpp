// linear and linear_bias_act, one dot product at a time.
#include "kernels/common/attrs/activation.h"
#include "kernels/common/matmul_shape.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/activation.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

bool has_input(const KernelArgs& args, size_t i) { return i < args.inputs.size() && args.inputs[i].present; }

/// Adds at one index of the output: z may have any strides, so it is walked as the output is.
int64_t offset_of(const Strides& strides, const Shape& shape, int64_t linear) {
  int64_t offset = 0;
  for (int d = shape.size() - 1; d >= 0; --d) {
    offset += linear % shape[d] * strides[d];
    linear /= shape[d];
  }
  return offset;
}

template <class T>
void linear_of(const KernelArgs& args, const std::string& activation) {
  const TensorView &inp = args.inputs[0], &weight = args.inputs[1], &out = args.outputs[0];
  int64_t features = weight.shape[1], size = out.size(), columns = weight.shape[0];
  Shape rows = out.shape;
  rows.back() = 1;
  for (int64_t i = 0; i < size; ++i) {
    int64_t row = i / columns, column = i % columns;
    if (column == 0 && args.context.is_cancelled()) return;
    const T* x = inp.as<T>() + offset_of(inp.strides, rows, row);
    const T* w = weight.as<T>() + column * weight.strides[0];
    double sum = 0;
    for (int64_t p = 0; p < features; ++p)
      sum += reference::widen(x[p * inp.strides.back()]) * reference::widen(w[p * weight.strides[1]]);
    if (has_input(args, 2))
      sum += reference::widen(args.inputs[2].as<T>()[column * args.inputs[2].strides[0]]);
    if (has_input(args, 3))
      sum += reference::widen(args.inputs[3].as<T>()[offset_of(args.inputs[3].strides, out.shape, i)]);
    out.as<T>()[offset_of(out.strides, out.shape, i)] =
        reference::narrow<T>(reference::activate(activation, sum));
  }
}

void run_linear(const KernelArgs& args) {
  visit_float(args.outputs[0].dtype, [&]<class T>() { linear_of<T>(args, "identity"); });
}
void run_linear_bias_act(const KernelArgs& args) {
  const std::string& activation = args.attrs_as<ActivationAttrs>().activation;
  visit_float(args.outputs[0].dtype, [&]<class T>() { linear_of<T>(args, activation); });
}

}  // namespace

void register_reference_linear(KernelTable& table) {
  table.add(reference_kernel("linear", run_linear));
  table.add(reference_kernel("linear_bias_act", run_linear_bias_act));
}

}  // namespace miai::kernels
