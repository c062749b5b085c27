// avg_pool2d, adaptive_avg_pool2d and their gradients for float32 images whose rows lie without gaps.
#include <algorithm>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/pool_window.h"
#include "kernels/x86/image_planes.h"

namespace miai::kernels {
namespace {

/// In several partial sums, so that long stretches run as vectors.
float sum_of(const float* x, int64_t count) {
  constexpr int kParts = 16;
  float parts[kParts] = {}, sum = 0;
  int64_t i = 0;
  for (; i + kParts <= count; i += kParts)
    for (int k = 0; k < kParts; ++k) parts[k] += x[i + k];
  for (; i < count; ++i) sum += x[i];
  for (float part : parts) sum += part;
  return sum;
}

float window_sum(const float* plane, Window rows, Window columns, int64_t width) {
  if (columns.size() == width) return sum_of(plane + rows.begin * width, rows.size() * width);
  float sum = 0;
  for (int64_t h = rows.begin; h < rows.end; ++h)
    for (int64_t w = columns.begin; w < columns.end; ++w) sum += plane[h * width + w];
  return sum;
}

template <class Windows>
void pool(const KernelArgs& args, const Windows& rows, const Windows& columns, PoolShare share) {
  const TensorView &inp = args.inputs[0], &out = args.outputs[0];
  int64_t width = inp.shape[3], out_width = out.shape[3];
  parallel_for(0, plane_count(out), plane_grain(inp), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const float* x = plane_of<float>(inp, p);
      float* y = plane_of<float>(out, p);
      for (int64_t i = 0; i < out.shape[2]; ++i)
        for (int64_t j = 0; j < out_width; ++j) {
          Window r = rows(i), c = columns(j);
          y[i * out_width + j] = window_sum(x, r, c, width) * share(r, c);
        }
    }
  });
}

template <class Windows>
void backward(const KernelArgs& args, const Windows& rows, const Windows& columns, PoolShare share) {
  const TensorView &dy = args.inputs[0], &dx = args.outputs[0];
  int64_t width = dx.shape[3], grad_width = dy.shape[3];
  parallel_for(0, plane_count(dx), plane_grain(dx), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const float* g = plane_of<float>(dy, p);
      float* x = plane_of<float>(dx, p);
      std::fill_n(x, dx.shape[2] * width, 0.f);
      for (int64_t i = 0; i < dy.shape[2]; ++i)
        for (int64_t j = 0; j < grad_width; ++j) {
          Window r = rows(i), c = columns(j);
          float part = g[i * grad_width + j] * share(r, c);
          for (int64_t h = r.begin; h < r.end; ++h)
            for (int64_t w = c.begin; w < c.end; ++w) x[h * width + w] += part;
        }
    }
  });
}

void run_avg_pool2d(const KernelArgs& args) {
  const auto& a = args.attrs_as<AvgPool2dAttrs>();
  const Shape& inp = args.inputs[0].shape;
  pool(args, FixedWindows{a.kernel_size[0], a.step()[0], a.padding[0], inp[2]},
       FixedWindows{a.kernel_size[1], a.step()[1], a.padding[1], inp[3]}, pool_share(a.mode, a.kernel_size));
}
void run_avg_pool2d_backward(const KernelArgs& args) {
  const auto& a = args.attrs_as<AvgPool2dGradAttrs>();
  const Shape& image = args.outputs[0].shape;
  backward(args, FixedWindows{a.kernel_size[0], a.stride[0], a.padding[0], image[2]},
           FixedWindows{a.kernel_size[1], a.stride[1], a.padding[1], image[3]},
           pool_share(a.mode, a.kernel_size));
}
void run_adaptive(const KernelArgs& args) {
  const Shape &inp = args.inputs[0].shape, &out = args.outputs[0].shape;
  pool(args, AdaptiveWindows{out[2], inp[2]}, AdaptiveWindows{out[3], inp[3]}, PoolShare{});
}
void run_adaptive_backward(const KernelArgs& args) {
  const Shape &dy = args.inputs[0].shape, &dx = args.outputs[0].shape;
  backward(args, AdaptiveWindows{dy[2], dx[2]}, AdaptiveWindows{dy[3], dx[3]}, PoolShare{});
}

}  // namespace

void register_x86_avg_pool2d(KernelTable& table) {
  auto add = [&](const char* op, void (*run)(const KernelArgs&)) {
    table.add({.op = op,
               .name = std::string("x86/") + op,
               .supports = supports_planes,
               .run = run,
               .preference = 10});
  };
  add("avg_pool2d", run_avg_pool2d);
  add("avg_pool2d_backward", run_avg_pool2d_backward);
  add("adaptive_avg_pool2d", run_adaptive);
  add("adaptive_avg_pool2d_backward", run_adaptive_backward);
}

}  // namespace miai::kernels
