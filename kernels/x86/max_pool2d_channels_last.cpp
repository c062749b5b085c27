// max_pool2d, adaptive_max_pool2d and their gradients for float32 and bfloat16 images that lie channels-last:
// the lanes are channels.
#include <algorithm>
#include <type_traits>

#include "kernels/common/kernel_table.h"
#include "kernels/common/pool_window.h"
#include "kernels/x86/channels_last_images.h"
#include "kernels/x86/pool2d.h"

namespace miai::kernels {
namespace {

template <class F>
void visit_pool_dtype(DType dtype, F&& f) {
  if (dtype == DType::kBFloat16) return f.template operator()<BFloat16>();
  f.template operator()<float>();
}

template <class T>
Largest<T> largest() {
  if constexpr (std::is_same_v<T, BFloat16>)
    return pool_loops().largest_bfloat16;
  else
    return pool_loops().largest;
}

template <class T, class Windows>
void pool(const KernelArgs& args, const Windows& rows, const Windows& columns) {
  const TensorView &inp = args.inputs[0], &out = args.outputs[0];
  int64_t channels = inp.shape[1], width = inp.shape[3];
  if (out.size() == 0) return;
  for_each_channel_row(out, out.shape[2], [&](const ChannelPart& part, int64_t i) {
    const T* x = first_of<T>(inp, part);
    T* y = first_of<T>(out, part) + i * out.shape[3] * channels;
    int32_t* at = first_of<int32_t>(args.outputs[1], part) + i * out.shape[3] * channels;
    const Window r = rows(i);
    for (int64_t j = 0; j < out.shape[3]; ++j, y += channels, at += channels) {
      const Window c = columns(j);
      const int64_t first = r.begin * width + c.begin;
      largest<T>()({x + first * channels, width * channels, channels, r.size(), c.size(),
                    static_cast<int32_t>(first), static_cast<int32_t>(width)},
                   part.count, y, at);
    }
  });
}

template <class Windows>
void pool_any(const KernelArgs& args, const Windows& rows, const Windows& columns) {
  visit_pool_dtype(args.outputs[0].dtype, [&]<class T>() { pool<T>(args, rows, columns); });
}

void run_max_pool2d(const KernelArgs& args) {
  const auto& a = args.attrs_as<MaxPool2dAttrs>();
  const Shape& inp = args.inputs[0].shape;
  pool_any(args, FixedWindows{a.kernel_size[0], a.step()[0], a.padding[0], inp[2]},
           FixedWindows{a.kernel_size[1], a.step()[1], a.padding[1], inp[3]});
}

void run_adaptive(const KernelArgs& args) {
  const Shape &inp = args.inputs[0].shape, &out = args.outputs[0].shape;
  pool_any(args, AdaptiveWindows{out[2], inp[2]}, AdaptiveWindows{out[3], inp[3]});
}

/// The part's indices at pixel 0; raises IndexError if one lies outside the image.
const int32_t* checked_indices(const char* op, const TensorView& indices, const TensorMeta& image,
                               const ChannelPart& part) {
  const int64_t channels = indices.shape[1], pixels = indices.shape[2] * indices.shape[3];
  const int64_t size = image.shape[2] * image.shape[3];
  const int32_t* at = first_of<int32_t>(indices, part);
  for (int64_t p = 0; p < pixels; ++p) {
    const int32_t *begin = at + p * channels, *end = begin + part.count;
    bool inside = true;
    for (const int32_t* index = begin; index < end; ++index) inside &= *index >= 0 && *index < size;
    if (inside) continue;
    raise_pool_index(op, size, *std::find_if(begin, end, [&](int32_t i) { return i < 0 || i >= size; }));
  }
  return at;
}

/// Calls visit(output's element, image's element) for each channel and output pixel of a part.
template <class Visit>
void for_each_taken(const char* op, const TensorView& indices, const TensorMeta& image,
                    const ChannelPart& part, Visit&& visit) {
  const int64_t channels = indices.shape[1], pixels = indices.shape[2] * indices.shape[3];
  const int32_t* at = checked_indices(op, indices, image, part);
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t c = 0; c < part.count; ++c) visit(p * channels + c, at[p * channels + c] * channels + c);
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
  visit_pool_dtype(out.dtype, [&]<class T>() {
    for_each_channel_part(out, [&](const ChannelPart& part) {
      const T* x = first_of<T>(inp, part);
      T* y = first_of<T>(out, part);
      for_each_taken("max_pool2d_gather", indices, inp, part, [&](int64_t o, int64_t i) { y[o] = x[i]; });
    });
  });
}

}  // namespace

void register_x86_max_pool2d_channels_last(KernelTable& table) {
  using Supports = Support (*)(const KernelSignature&);
  Supports float32 = [](const KernelSignature& s) { return supports_channels_last(s); };
  Supports any = [](const KernelSignature& s) {
    return supports_channels_last(s, {DType::kFloat32, DType::kBFloat16});
  };
  auto add = [&](const std::string& op, Supports supports, void (*run)(const KernelArgs&)) {
    table.add({.op = op,
               .name = "x86/" + op + "_channels_last",
               .supports = supports,
               .run = run,
               .preference = 10,
               .channels_last = ChannelsLast{.every = true}});
  };
  add("max_pool2d", any, run_max_pool2d);
  add("adaptive_max_pool2d", any, run_adaptive);
  add("max_pool2d_backward", float32, run_backward);
  add("max_pool2d_gather", any, run_gather);
}

}  // namespace miai::kernels
