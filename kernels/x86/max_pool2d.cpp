// max_pool2d, adaptive_max_pool2d and their gradients for float32 images whose rows lie without gaps.
#include "kernels/x86/pool2d.h"

#include <algorithm>
#include <limits>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/pool_window.h"
#include "kernels/x86/image_planes.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {
namespace {

/// One plane, window after window.
template <class Windows>
void pool_windows(const float* x, const Windows& rows, const Windows& columns, const TensorView& out,
                  int64_t width, float* y, int32_t* at) {
  for (int64_t i = 0; i < out.shape[2]; ++i)
    for (int64_t j = 0; j < out.shape[3]; ++j, ++y, ++at) {
      Window r = rows(i), c = columns(j);
      *at = static_cast<int32_t>(r.begin * width + c.begin);
      *y = -std::numeric_limits<float>::infinity();
      for (int64_t h = r.begin; h < r.end; ++h)
        for (int64_t w = c.begin; w < c.end; ++w) {
          float value = x[h * width + w];
          if (value <= *y || *y != *y) continue;
          *y = value;
          *at = static_cast<int32_t>(h * width + w);
        }
    }
}

/// One plane, an output row and a tap at a time, so that the columns run as vectors.
void pool_taps(const float* x, const FixedWindows& rows, const FixedWindows& columns, const TensorView& out,
               int64_t width, float* y, int32_t* at) {
  int64_t count = out.shape[3];
  for (int64_t i = 0; i < out.shape[2]; ++i, y += count, at += count) {
    Window r = rows(i);
    std::fill_n(y, count, -std::numeric_limits<float>::infinity());
    for (int64_t j = 0; j < count; ++j) at[j] = static_cast<int32_t>(r.begin * width + columns(j).begin);
    for (int64_t h = r.begin; h < r.end; ++h)
      for (int64_t q = 0; q < columns.taps; ++q) {
        int64_t offset = q - columns.padding, step = columns.stride;  // column j reads j * step + offset
        int64_t first = offset >= 0 ? 0 : (-offset + step - 1) / step;
        int64_t last = width <= offset ? 0 : std::min(count, (width - offset + step - 1) / step);
        if (first >= last) continue;
        int64_t begin = h * width + first * step + offset;
        pool_loops().take_larger(x + begin, step, last - first, static_cast<int32_t>(begin), y + first,
                                 at + first);
      }
  }
}

template <class Body>
void for_each_plane(const KernelArgs& args, Body&& body) {
  const TensorView &inp = args.inputs[0], &out = args.outputs[0], &indices = args.outputs[1];
  parallel_for(0, plane_count(out), plane_grain(inp), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      body(plane_of<float>(inp, p), plane_of<float>(out, p), plane_of<int32_t>(indices, p));
  });
}

void run_max_pool2d(const KernelArgs& args) {
  const auto& a = args.attrs_as<MaxPool2dAttrs>();
  const Shape& inp = args.inputs[0].shape;
  FixedWindows rows{a.kernel_size[0], a.step()[0], a.padding[0], inp[2]};
  FixedWindows columns{a.kernel_size[1], a.step()[1], a.padding[1], inp[3]};
  bool is_long = args.outputs[0].shape[3] >= 4;
  for_each_plane(args, [&](const float* x, float* y, int32_t* at) {
    if (is_long) return pool_taps(x, rows, columns, args.outputs[0], inp[3], y, at);
    pool_windows(x, rows, columns, args.outputs[0], inp[3], y, at);
  });
}

void run_adaptive(const KernelArgs& args) {
  const Shape &inp = args.inputs[0].shape, &out = args.outputs[0].shape;
  AdaptiveWindows rows{out[2], inp[2]}, columns{out[3], inp[3]};
  for_each_plane(args, [&](const float* x, float* y, int32_t* at) {
    pool_windows(x, rows, columns, args.outputs[0], inp[3], y, at);
  });
}

/// The indices of one plane; raises IndexError if one lies outside the image.
const int32_t* checked_indices(const char* op, const TensorView& indices, int64_t plane, int64_t image_size) {
  const int32_t* at = plane_of<int32_t>(indices, plane);
  int64_t count = indices.shape[2] * indices.shape[3];
  bool inside = true;
  for (int64_t i = 0; i < count; ++i) inside &= at[i] >= 0 && at[i] < image_size;
  if (inside) return at;
  auto is_outside = [&](int32_t index) { return index < 0 || index >= image_size; };
  raise_pool_index(op, image_size, *std::find_if(at, at + count, is_outside));
}

void run_backward(const KernelArgs& args) {
  const TensorView &dy = args.inputs[0], &indices = args.inputs[1], &dx = args.outputs[0];
  int64_t size = dx.shape[2] * dx.shape[3], count = dy.shape[2] * dy.shape[3];
  parallel_for(0, plane_count(dx), plane_grain(dx), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int32_t* at = checked_indices("max_pool2d_backward", indices, p, size);
      const float* g = plane_of<float>(dy, p);
      float* x = plane_of<float>(dx, p);
      std::fill_n(x, size, 0.f);
      for (int64_t i = 0; i < count; ++i) x[at[i]] += g[i];
    }
  });
}

void run_gather(const KernelArgs& args) {
  const TensorView &inp = args.inputs[0], &indices = args.inputs[1], &out = args.outputs[0];
  int64_t size = inp.shape[2] * inp.shape[3], count = out.shape[2] * out.shape[3];
  parallel_for(0, plane_count(out), plane_grain(out), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int32_t* at = checked_indices("max_pool2d_gather", indices, p, size);
      const float* x = plane_of<float>(inp, p);
      float* y = plane_of<float>(out, p);
      for (int64_t i = 0; i < count; ++i) y[i] = x[at[i]];
    }
  });
}

}  // namespace

void raise_pool_index(const char* op, int64_t size, int32_t index) {
  raise(ErrorKind::kIndex, op, ": argument 'indices': expected indices from 0 to ", size - 1, ", got ",
        index);
}

const PoolLoops& pool_loops() {
  return choose_isa(baseline::pool_loops, avx2::pool_loops, avx512::pool_loops);
}

void register_x86_max_pool2d(KernelTable& table) {
  auto add = [&](const char* op, void (*run)(const KernelArgs&)) {
    table.add({.op = op,
               .name = std::string("x86/") + op,
               .supports = supports_planes,
               .run = run,
               .preference = 10});
  };
  add("max_pool2d", run_max_pool2d);
  add("adaptive_max_pool2d", run_adaptive);
  add("max_pool2d_backward", run_backward);
  add("max_pool2d_gather", run_gather);
}

}  // namespace miai::kernels
