// max_pool2d, adaptive_max_pool2d and their gradients for float32 images that lie channels-last: the lanes
// are channels.
#include <algorithm>
#include <limits>

#include "kernels/common/kernel_table.h"
#include "kernels/common/pool_window.h"
#include "kernels/x86/channels_last_images.h"
#include "kernels/x86/pool2d.h"

namespace miai::kernels {
namespace {

template <class Windows>
void pool(const KernelArgs& args, const Windows& rows, const Windows& columns) {
  const TensorView &inp = args.inputs[0], &out = args.outputs[0];
  int64_t channels = inp.shape[1], width = inp.shape[3];
  for_each_channel_part(out, [&](const ChannelPart& part) {
    const float* x = first_of<float>(inp, part);
    float* y = first_of<float>(out, part);
    int32_t* at = first_of<int32_t>(args.outputs[1], part);
    for (int64_t i = 0; i < out.shape[2]; ++i)
      for (int64_t j = 0; j < out.shape[3]; ++j, y += channels, at += channels) {
        Window r = rows(i), c = columns(j);
        std::fill_n(y, part.count, -std::numeric_limits<float>::infinity());
        std::fill_n(at, part.count, static_cast<int32_t>(r.begin * width + c.begin));
        for (int64_t h = r.begin; h < r.end; ++h)
          for (int64_t w = c.begin; w < c.end; ++w) {
            int64_t pixel = h * width + w;
            pool_loops().take_larger_here(x + pixel * channels, part.count, static_cast<int32_t>(pixel), y,
                                          at);
          }
      }
  });
}

void run_max_pool2d(const KernelArgs& args) {
  const auto& a = args.attrs_as<MaxPool2dAttrs>();
  const Shape& inp = args.inputs[0].shape;
  pool(args, FixedWindows{a.kernel_size[0], a.step()[0], a.padding[0], inp[2]},
       FixedWindows{a.kernel_size[1], a.step()[1], a.padding[1], inp[3]});
}

void run_adaptive(const KernelArgs& args) {
  const Shape &inp = args.inputs[0].shape, &out = args.outputs[0].shape;
  pool(args, AdaptiveWindows{out[2], inp[2]}, AdaptiveWindows{out[3], inp[3]});
}

/// Calls visit(output's element, image's element) for each channel and output pixel of a part.
template <class Visit>
void for_each_taken(const char* op, const TensorView& indices, const TensorMeta& image,
                    const ChannelPart& part, Visit&& visit) {
  int64_t channels = indices.shape[1], pixels = indices.shape[2] * indices.shape[3];
  int64_t size = image.shape[2] * image.shape[3];
  const int32_t* at = first_of<int32_t>(indices, part);
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t c = 0; c < part.count; ++c) {
      int32_t index = at[p * channels + c];
      if (index < 0 || index >= size) raise_pool_index(op, size, index);
      visit(p * channels + c, index * channels + c);
    }
}

void run_backward(const KernelArgs& args) {
  const TensorView &dy = args.inputs[0], &indices = args.inputs[1], &dx = args.outputs[0];
  int64_t channels = dx.shape[1], pixels = dx.shape[2] * dx.shape[3];
  for_each_channel_part(dx, [&](const ChannelPart& part) {
    const float* g = first_of<float>(dy, part);
    float* x = first_of<float>(dx, part);
    for (int64_t p = 0; p < pixels; ++p) std::fill_n(x + p * channels, part.count, 0.f);
    for_each_taken("max_pool2d_backward", indices, dx, part, [&](int64_t o, int64_t i) { x[i] += g[o]; });
  });
}

void run_gather(const KernelArgs& args) {
  const TensorView &inp = args.inputs[0], &indices = args.inputs[1], &out = args.outputs[0];
  for_each_channel_part(out, [&](const ChannelPart& part) {
    const float* x = first_of<float>(inp, part);
    float* y = first_of<float>(out, part);
    for_each_taken("max_pool2d_gather", indices, inp, part, [&](int64_t o, int64_t i) { y[o] = x[i]; });
  });
}

}  // namespace

void register_x86_max_pool2d_channels_last(KernelTable& table) {
  auto add = [&](const std::string& op, void (*run)(const KernelArgs&)) {
    table.add({.op = op,
               .name = "x86/" + op + "_channels_last",
               .supports = supports_channels_last,
               .run = run,
               .preference = 10,
               .channels_last = ChannelsLast{.every = true}});
  };
  add("max_pool2d", run_max_pool2d);
  add("adaptive_max_pool2d", run_adaptive);
  add("max_pool2d_backward", run_backward);
  add("max_pool2d_gather", run_gather);
}

}  // namespace miai::kernels
