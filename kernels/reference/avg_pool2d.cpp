// avg_pool2d, adaptive_avg_pool2d and their gradients.
#include "kernels/common/pool_window.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using reference::Image;

/// What the sum over a window is divided by: its elements in the image, or a fixed count.
struct Divisor {
  int64_t fixed = 0;  // 0: the elements in the image
  double operator()(Window rows, Window columns) const {
    return static_cast<double>(fixed ? fixed : rows.size() * columns.size());
  }
};

template <class T, class Windows>
void pool_of(const KernelArgs& args, const Windows& rows, const Windows& columns, Divisor divisor) {
  const TensorView& out = args.outputs[0];
  Image<T> x(args.inputs[0]), y(out);
  for (int64_t n = 0; n < out.shape[0]; ++n)
    for (int64_t c = 0; c < out.shape[1]; ++c)
      for (int64_t i = 0; i < out.shape[2]; ++i)
        for (int64_t j = 0; j < out.shape[3]; ++j) {
          Window r = rows(i), k = columns(j);
          double sum = 0;
          for (int64_t h = r.begin; h < r.end; ++h)
            for (int64_t w = k.begin; w < k.end; ++w) sum += reference::widen(x.at(n, c, h, w));
          y.at(n, c, i, j) = reference::narrow<T>(sum / divisor(r, k));
        }
}

/// Each element of dx collects its share of the windows that hold it.
template <class T, class Windows>
void backward_of(const KernelArgs& args, const Windows& rows, const Windows& columns, Divisor divisor) {
  const TensorView &grad = args.inputs[0], &out = args.outputs[0];
  Image<T> dy(grad), dx(out);
  auto share = [&](int64_t n, int64_t c, int64_t h, int64_t w) {
    double sum = 0;
    for (int64_t i = 0; i < grad.shape[2]; ++i) {
      Window r = rows(i);
      if (h < r.begin || h >= r.end) continue;
      for (int64_t j = 0; j < grad.shape[3]; ++j) {
        Window k = columns(j);
        if (w >= k.begin && w < k.end) sum += reference::widen(dy.at(n, c, i, j)) / divisor(r, k);
      }
    }
    return sum;
  };
  for (int64_t n = 0; n < out.shape[0]; ++n)
    for (int64_t c = 0; c < out.shape[1]; ++c)
      for (int64_t h = 0; h < out.shape[2]; ++h)
        for (int64_t w = 0; w < out.shape[3]; ++w)
          dx.at(n, c, h, w) = reference::narrow<T>(share(n, c, h, w));
}

Divisor divisor_of(const std::string& mode, const Pair& kernel_size) {
  return {mode == kExcludePadding ? 0 : kernel_size[0] * kernel_size[1]};
}

void run_avg_pool2d(const KernelArgs& args) {
  const auto& a = args.attrs_as<AvgPool2dAttrs>();
  const Shape& inp = args.inputs[0].shape;
  FixedWindows rows{a.kernel_size[0], a.step()[0], a.padding[0], inp[2]};
  FixedWindows columns{a.kernel_size[1], a.step()[1], a.padding[1], inp[3]};
  visit_float(args.outputs[0].dtype,
              [&]<class T>() { pool_of<T>(args, rows, columns, divisor_of(a.mode, a.kernel_size)); });
}

void run_avg_pool2d_backward(const KernelArgs& args) {
  const auto& a = args.attrs_as<AvgPool2dGradAttrs>();
  const Shape& image = args.outputs[0].shape;
  FixedWindows rows{a.kernel_size[0], a.stride[0], a.padding[0], image[2]};
  FixedWindows columns{a.kernel_size[1], a.stride[1], a.padding[1], image[3]};
  visit_float(args.outputs[0].dtype,
              [&]<class T>() { backward_of<T>(args, rows, columns, divisor_of(a.mode, a.kernel_size)); });
}

void run_adaptive(const KernelArgs& args) {
  const Shape &inp = args.inputs[0].shape, &out = args.outputs[0].shape;
  AdaptiveWindows rows{out[2], inp[2]}, columns{out[3], inp[3]};
  visit_float(args.outputs[0].dtype, [&]<class T>() { pool_of<T>(args, rows, columns, Divisor{}); });
}

void run_adaptive_backward(const KernelArgs& args) {
  const Shape &dy = args.inputs[0].shape, &dx = args.outputs[0].shape;
  AdaptiveWindows rows{dy[2], dx[2]}, columns{dy[3], dx[3]};
  visit_float(args.outputs[0].dtype, [&]<class T>() { backward_of<T>(args, rows, columns, Divisor{}); });
}

}  // namespace

void register_reference_avg_pool2d(KernelTable& table) {
  table.add(reference_kernel("avg_pool2d", run_avg_pool2d));
  table.add(reference_kernel("avg_pool2d_backward", run_avg_pool2d_backward));
  table.add(reference_kernel("adaptive_avg_pool2d", run_adaptive));
  table.add(reference_kernel("adaptive_avg_pool2d_backward", run_adaptive_backward));
}

}  // namespace miai::kernels
