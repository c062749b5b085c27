// max_pool2d, adaptive_max_pool2d, and the scatter and gather by indices that their gradients are.
#include "kernels/common/pool_window.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using reference::Image;

/// Index of the largest element of the window, the first of equals; a NaN is larger than all.
template <class T>
int64_t largest(const Image<T>& x, int64_t n, int64_t c, Window rows, Window columns, int64_t width) {
  int64_t best = rows.begin * width + columns.begin;
  double most = reference::widen(x.at(n, c, rows.begin, columns.begin));
  for (int64_t h = rows.begin; h < rows.end; ++h)
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      double value = reference::widen(x.at(n, c, h, w));
      if (most == most && (value > most || value != value)) most = value, best = h * width + w;
    }
  return best;
}

template <class T, class Windows>
void pool_of(const KernelArgs& args, const Windows& rows, const Windows& columns) {
  const TensorView &inp = args.inputs[0], &out = args.outputs[0];
  Image<T> x(inp), y(out);
  Image<int32_t> indices(args.outputs[1]);
  for (int64_t n = 0; n < out.shape[0]; ++n)
    for (int64_t c = 0; c < out.shape[1]; ++c)
      for (int64_t i = 0; i < out.shape[2]; ++i)
        for (int64_t j = 0; j < out.shape[3]; ++j) {
          int64_t at = largest(x, n, c, rows(i), columns(j), inp.shape[3]);
          indices.at(n, c, i, j) = static_cast<int32_t>(at);
          y.at(n, c, i, j) = x.at(n, c, at / inp.shape[3], at % inp.shape[3]);
        }
}

void run_max_pool2d(const KernelArgs& args) {
  const auto& a = args.attrs_as<MaxPool2dAttrs>();
  const Shape& inp = args.inputs[0].shape;
  FixedWindows rows{a.kernel_size[0], a.step()[0], a.padding[0], inp[2]};
  FixedWindows columns{a.kernel_size[1], a.step()[1], a.padding[1], inp[3]};
  visit_float(args.inputs[0].dtype, [&]<class T>() { pool_of<T>(args, rows, columns); });
}

void run_adaptive(const KernelArgs& args) {
  const Shape &inp = args.inputs[0].shape, &out = args.outputs[0].shape;
  AdaptiveWindows rows{out[2], inp[2]}, columns{out[3], inp[3]};
  visit_float(args.inputs[0].dtype, [&]<class T>() { pool_of<T>(args, rows, columns); });
}

/// Calls visit(n, c, i, j, index) for each index; raises IndexError for one outside the image.
template <class F>
void for_each_index(const char* op, const TensorView& indices, int64_t image_size, F&& visit) {
  Image<int32_t> at(indices);
  for (int64_t n = 0; n < indices.shape[0]; ++n)
    for (int64_t c = 0; c < indices.shape[1]; ++c)
      for (int64_t i = 0; i < indices.shape[2]; ++i)
        for (int64_t j = 0; j < indices.shape[3]; ++j) {
          int64_t index = at.at(n, c, i, j);
          if (index < 0 || index >= image_size)
            raise(ErrorKind::kIndex, op, ": argument 'indices': expected indices from 0 to ", image_size - 1,
                  ", got ", index);
          visit(n, c, i, j, index);
        }
}

template <class T>
void scatter_of(const KernelArgs& args) {
  const TensorView& out = args.outputs[0];
  Image<T> dy(args.inputs[0]), dx(out);
  int64_t width = out.shape[3], size = out.shape[2] * width;
  for (int64_t n = 0; n < out.shape[0]; ++n)
    for (int64_t c = 0; c < out.shape[1]; ++c)
      for (int64_t i = 0; i < size; ++i) dx.at(n, c, i / width, i % width) = T(0);
  auto add = [&](int64_t n, int64_t c, int64_t i, int64_t j, int64_t index) {
    T& sum = dx.at(n, c, index / width, index % width);
    sum = reference::narrow<T>(reference::widen(sum) + reference::widen(dy.at(n, c, i, j)));
  };
  for_each_index("max_pool2d_backward", args.inputs[1], size, add);
}

template <class T>
void gather_of(const KernelArgs& args) {
  const TensorView& inp = args.inputs[0];
  Image<T> x(inp), y(args.outputs[0]);
  int64_t width = inp.shape[3];
  auto take = [&](int64_t n, int64_t c, int64_t i, int64_t j, int64_t index) {
    y.at(n, c, i, j) = x.at(n, c, index / width, index % width);
  };
  for_each_index("max_pool2d_gather", args.inputs[1], inp.shape[2] * width, take);
}

void run_scatter(const KernelArgs& args) {
  visit_float(args.outputs[0].dtype, [&]<class T>() { scatter_of<T>(args); });
}
void run_gather(const KernelArgs& args) {
  visit_float(args.outputs[0].dtype, [&]<class T>() { gather_of<T>(args); });
}

}  // namespace

void register_reference_max_pool2d(KernelTable& table) {
  table.add(reference_kernel("max_pool2d", run_max_pool2d));
  table.add(reference_kernel("adaptive_max_pool2d", run_adaptive));
  table.add(reference_kernel("max_pool2d_backward", run_scatter));
  table.add(reference_kernel("max_pool2d_gather", run_gather));
}

}  // namespace miai::kernels
