// avg_pool2d, adaptive_avg_pool2d and their gradients for float32 images that lie channels-last: the lanes
// are channels.
#include "kernels/x86/avg_pool2d.h"

#include <algorithm>

#include "kernels/x86/channels_last_images.h"
#include "kernels/x86/pool2d.h"

namespace miai::kernels {
namespace {

/// Calls visit(output pixel, image pixel, share) for each pixel of each window.
template <class Windows, class Visit>
void for_each_tap(const Shape& out, int64_t width, const Windows& rows, const Windows& columns,
                  const PoolShare& share, Visit&& visit) {
  for (int64_t i = 0; i < out[2]; ++i)
    for (int64_t j = 0; j < out[3]; ++j) {
      Window r = rows(i), c = columns(j);
      float scale = share(r, c);
      for (int64_t h = r.begin; h < r.end; ++h)
        for (int64_t w = c.begin; w < c.end; ++w) visit(i * out[3] + j, h * width + w, scale);
    }
}

struct Loops {
  template <class Windows>
  static void pool(const KernelArgs& args, const Windows& rows, const Windows& columns, PoolShare share) {
    const TensorView &inp = args.inputs[0], &out = args.outputs[0];
    int64_t channels = inp.shape[1], pixels = out.shape[2] * out.shape[3];
    for_each_channel_part(out, [&](const ChannelPart& part) {
      const float* x = first_of<float>(inp, part);
      float* y = first_of<float>(out, part);
      for (int64_t p = 0; p < pixels; ++p) std::fill_n(y + p * channels, part.count, 0.f);
      for_each_tap(out.shape, inp.shape[3], rows, columns, share, [&](int64_t o, int64_t i, float scale) {
        pool_loops().add(x + i * channels, part.count, scale, y + o * channels);
      });
    });
  }

  template <class Windows>
  static void backward(const KernelArgs& args, const Windows& rows, const Windows& columns, PoolShare share) {
    const TensorView &dy = args.inputs[0], &dx = args.outputs[0];
    int64_t channels = dx.shape[1], pixels = dx.shape[2] * dx.shape[3];
    for_each_channel_part(dx, [&](const ChannelPart& part) {
      const float* g = first_of<float>(dy, part);
      float* x = first_of<float>(dx, part);
      for (int64_t p = 0; p < pixels; ++p) std::fill_n(x + p * channels, part.count, 0.f);
      for_each_tap(dy.shape, dx.shape[3], rows, columns, share, [&](int64_t o, int64_t i, float scale) {
        pool_loops().add(g + o * channels, part.count, scale, x + i * channels);
      });
    });
  }
};

}  // namespace

void register_x86_avg_pool2d_channels_last(KernelTable& table) {
  AvgPool2d<Loops>::add_kernels(
      table, "_channels_last", [](const KernelSignature& s) { return supports_channels_last(s); },
      ChannelsLast{.every = true});
}

}  // namespace miai::kernels
