// max_pool2d, adaptive_max_pool2d and their gradients for float32 images whose rows lie without gaps.
#include <algorithm>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/pool_window.h"
#include "kernels/x86/image_planes.h"

namespace miai::kernels {
namespace {

struct Best {
  float value;
  int32_t index;
};

/// The first largest element of a window; a NaN is larger than all.
inline Best largest(const float* plane, Window rows, Window columns, int64_t width) {
  Best best{plane[rows.begin * width + columns.begin],
            static_cast<int32_t>(rows.begin * width + columns.begin)};
  for (int64_t h = rows.begin; h < rows.end; ++h)
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      float value = plane[h * width + w];
      bool takes = !(value <= best.value) && best.value == best.value;
      best = takes ? Best{value, static_cast<int32_t>(h * width + w)} : best;
    }
  return best;
}

template <class Windows>
void pool(const KernelArgs& args, const Windows& rows, const Windows& columns) {
  const TensorView &inp = args.inputs[0], &out = args.outputs[0], &indices = args.outputs[1];
  int64_t width = inp.shape[3], out_width = out.shape[3];
  parallel_for(0, plane_count(out), plane_grain(inp), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const float* x = plane_of<float>(inp, p);
      float* y = plane_of<float>(out, p);
      int32_t* at = plane_of<int32_t>(indices, p);
      for (int64_t i = 0; i < out.shape[2]; ++i) {
        Window r = rows(i);
        for (int64_t j = 0; j < out_width; ++j) {
          Best best = largest(x, r, columns(j), width);
          y[i * out_width + j] = best.value;
          at[i * out_width + j] = best.index;
        }
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

[[noreturn]] void raise_index(const char* op, int64_t size, int32_t index) {
  raise(ErrorKind::kIndex, op, ": argument 'indices': expected indices from 0 to ", size - 1, ", got ",
        index);
}

/// The indices of one plane; raises IndexError if one lies outside the image.
const int32_t* checked_indices(const char* op, const TensorView& indices, int64_t plane, int64_t image_size) {
  const int32_t* at = plane_of<int32_t>(indices, plane);
  int64_t count = indices.shape[2] * indices.shape[3];
  bool inside = true;
  for (int64_t i = 0; i < count; ++i) inside &= at[i] >= 0 && at[i] < image_size;
  if (inside) return at;
  auto is_outside = [&](int32_t index) { return index < 0 || index >= image_size; };
  raise_index(op, image_size, *std::find_if(at, at + count, is_outside));
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
