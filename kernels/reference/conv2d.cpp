// conv2d and its gradients: each walks every product of an input element, a tap and an output element.
#include "kernels/common/attrs/conv2d.h"

#include "kernels/common/parallel.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/activation.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using reference::Image;
using reference::narrow;
using reference::widen;

bool has_input(const KernelArgs& args, size_t i) { return i < args.inputs.size() && args.inputs[i].present; }

template <class T>
void forward_of(const KernelArgs& args, const Conv2dAttrs& a, const std::string& activation) {
  const TensorView &inp = args.inputs[0], &weight = args.inputs[1], &out = args.outputs[0];
  Image<T> x(inp), w(weight), y(out);
  int64_t in_group = weight.shape[1], out_group = weight.shape[0] / a.groups;
  auto element = [&](int64_t n, int64_t o, int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t c = 0; c < in_group; ++c)
      for (int64_t p = 0; p < weight.shape[2]; ++p)
        for (int64_t q = 0; q < weight.shape[3]; ++q) {
          int64_t h = i * a.stride[0] - a.padding[0] + p * a.dilation[0];
          int64_t v = j * a.stride[1] - a.padding[1] + q * a.dilation[1];
          if (h < 0 || h >= inp.shape[2] || v < 0 || v >= inp.shape[3]) continue;
          sum += widen(x.at(n, o / out_group * in_group + c, h, v)) * widen(w.at(o, c, p, q));
        }
    if (has_input(args, 2)) sum += widen(args.inputs[2].as<T>()[o * args.inputs[2].strides[0]]);
    if (has_input(args, 3)) sum += widen(Image<T>(args.inputs[3]).at(n, o, i, j));
    y.at(n, o, i, j) = narrow<T>(reference::activate(activation, sum));
  };
  parallel_for(0, out.shape[0] * out.shape[1], 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane)
      for (int64_t i = 0; i < out.shape[2] && !args.context.is_cancelled(); ++i)
        for (int64_t j = 0; j < out.shape[3]; ++j) element(plane / out.shape[1], plane % out.shape[1], i, j);
  });
}

template <class T>
void backward_data_of(const KernelArgs& args, const Conv2dGradAttrs& a) {
  const TensorView &weight = args.inputs[0], &grad = args.inputs[1], &out = args.outputs[0];
  Image<T> w(weight), dy(grad), dx(out);
  int64_t in_group = weight.shape[1], out_group = weight.shape[0] / a.groups;
  auto element = [&](int64_t n, int64_t c, int64_t h, int64_t v) {
    int64_t group = c / in_group;
    double sum = 0;
    for (int64_t p = 0; p < weight.shape[2]; ++p)
      for (int64_t q = 0; q < weight.shape[3]; ++q) {
        int64_t i = h + a.padding[0] - p * a.dilation[0], j = v + a.padding[1] - q * a.dilation[1];
        if (i < 0 || j < 0 || i % a.stride[0] || j % a.stride[1]) continue;
        i /= a.stride[0], j /= a.stride[1];
        if (i >= grad.shape[2] || j >= grad.shape[3]) continue;
        for (int64_t o = group * out_group; o < (group + 1) * out_group; ++o)
          sum += widen(dy.at(n, o, i, j)) * widen(w.at(o, c % in_group, p, q));
      }
    dx.at(n, c, h, v) = narrow<T>(sum);
  };
  parallel_for(0, out.shape[0] * out.shape[1], 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane)
      for (int64_t h = 0; h < out.shape[2] && !args.context.is_cancelled(); ++h)
        for (int64_t v = 0; v < out.shape[3]; ++v) element(plane / out.shape[1], plane % out.shape[1], h, v);
  });
}

template <class T>
void backward_weight_of(const KernelArgs& args, const Conv2dGradAttrs& a) {
  const TensorView &inp = args.inputs[0], &grad = args.inputs[1], &out = args.outputs[0];
  Image<T> x(inp), dy(grad), dw(out);
  int64_t in_group = out.shape[1], out_group = out.shape[0] / a.groups;
  auto element = [&](int64_t o, int64_t c, int64_t p, int64_t q) {
    double sum = 0;
    for (int64_t n = 0; n < inp.shape[0]; ++n)
      for (int64_t i = 0; i < grad.shape[2]; ++i)
        for (int64_t j = 0; j < grad.shape[3]; ++j) {
          int64_t h = i * a.stride[0] - a.padding[0] + p * a.dilation[0];
          int64_t v = j * a.stride[1] - a.padding[1] + q * a.dilation[1];
          if (h < 0 || h >= inp.shape[2] || v < 0 || v >= inp.shape[3]) continue;
          sum += widen(x.at(n, o / out_group * in_group + c, h, v)) * widen(dy.at(n, o, i, j));
        }
    dw.at(o, c, p, q) = narrow<T>(sum);
  };
  parallel_for(0, out.shape[0] * out.shape[1], 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane)
      for (int64_t p = 0; p < out.shape[2] && !args.context.is_cancelled(); ++p)
        for (int64_t q = 0; q < out.shape[3]; ++q) element(plane / out.shape[1], plane % out.shape[1], p, q);
  });
}

void run_conv2d(const KernelArgs& args) {
  visit_float(args.outputs[0].dtype,
              [&]<class T>() { forward_of<T>(args, args.attrs_as<Conv2dAttrs>(), "identity"); });
}
void run_conv2d_bias_act(const KernelArgs& args) {
  const auto& attrs = args.attrs_as<Conv2dActAttrs>();
  visit_float(args.outputs[0].dtype,
              [&]<class T>() { forward_of<T>(args, conv2d_attrs(attrs), attrs.activation); });
}
void run_backward_data(const KernelArgs& args) {
  visit_float(args.outputs[0].dtype,
              [&]<class T>() { backward_data_of<T>(args, args.attrs_as<Conv2dGradAttrs>()); });
}
void run_backward_weight(const KernelArgs& args) {
  visit_float(args.outputs[0].dtype,
              [&]<class T>() { backward_weight_of<T>(args, args.attrs_as<Conv2dGradAttrs>()); });
}

}  // namespace

void register_reference_conv2d(KernelTable& table) {
  table.add(reference_kernel("conv2d", run_conv2d));
  table.add(reference_kernel("conv2d_backward_data", run_backward_data));
  table.add(reference_kernel("conv2d_backward_weight", run_backward_weight));
  table.add(reference_kernel("conv2d_bias_act", run_conv2d_bias_act));
}

}  // namespace miai::kernels
