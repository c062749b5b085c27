// avg_pool2d, adaptive_avg_pool2d and their gradients for float32 images that lie channels-last: the lanes
// are channels.
#include <algorithm>

#include "kernels/common/kernel_table.h"
#include "kernels/common/pool_window.h"
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

template <class Windows>
void pool(const KernelArgs& args, const Windows& rows, const Windows& columns, PoolShare share) {
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
void backward(const KernelArgs& args, const Windows& rows, const Windows& columns, PoolShare share) {
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

void register_x86_avg_pool2d_channels_last(KernelTable& table) {
  auto add = [&](const std::string& op, void (*run)(const KernelArgs&)) {
    table.add({.op = op,
               .name = "x86/" + op + "_channels_last",
               .supports = supports_channels_last,
               .run = run,
               .preference = 10,
               .channels_last = ChannelsLast{.every = true}});
  };
  add("avg_pool2d", run_avg_pool2d);
  add("avg_pool2d_backward", run_avg_pool2d_backward);
  add("adaptive_avg_pool2d", run_adaptive);
  add("adaptive_avg_pool2d_backward", run_adaptive_backward);
}

}  // namespace miai::kernels
