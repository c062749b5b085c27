// avg_pool2d, adaptive_avg_pool2d and their gradients for float32 images whose rows lie without gaps.
#include "kernels/x86/avg_pool2d.h"

#include <algorithm>

#include "kernels/common/parallel.h"
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

struct Loops {
  template <class Windows>
  static void pool(const KernelArgs& args, const Windows& rows, const Windows& columns, PoolShare share) {
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
  static void backward(const KernelArgs& args, const Windows& rows, const Windows& columns, PoolShare share) {
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
};

}  // namespace

void register_x86_avg_pool2d(KernelTable& table) {
  AvgPool2d<Loops>::add_kernels(table, "", supports_planes, std::nullopt);
}

}  // namespace miai::kernels
