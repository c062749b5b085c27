// conv2d, its gradients and conv2d_bias_act for float32 and float64: the windows of an image are laid out as
// a matrix (im2col), and our own gemm does the rest.
#include "kernels/common/attrs/conv2d.h"

#include <algorithm>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/x86/epilogue.h"
#include "kernels/x86/gemm.h"

namespace miai::kernels {
namespace {

/// One convolution's sizes, the same for all of its three operators.
struct State {
  Conv2dAttrs attrs;
  Shape x, w, y;
  Strides x_strides;
  Activation activation = Activation::kIdentity;
  int64_t groups, in_group, out_group, taps,
      positions;       // channels of a group; rows and columns of the matrix
  int64_t pieces = 1;  // of the batch, each with a matrix of its own
  size_t matrix_bytes = 0, piece_bytes = 0;

  State(const Conv2dAttrs& a, const TensorMeta& inp, const TensorMeta& weight, const TensorMeta& out)
      : attrs(a), x(inp.shape), w(weight.shape), y(out.shape), x_strides(inp.strides), groups(a.groups) {
    in_group = w[1];
    out_group = w[0] / groups;
    taps = in_group * w[2] * w[3];
    positions = y[2] * y[3];
  }
};

template <class F>
decltype(auto) visit_type(DType dtype, F&& f) {
  return dtype == DType::kFloat64 ? f.template operator()<double>() : f.template operator()<float>();
}

bool has_input(std::span<const TensorView> inputs, size_t i) {
  return i < inputs.size() && inputs[i].present;
}

/// Output columns [first, last) whose tap q lies inside the row of the image.
struct Inside {
  int64_t first, last;
};
Inside inside(int64_t width, int64_t count, int64_t stride,
              int64_t offset) {  // column j reads j * stride + offset
  int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  int64_t last = width <= offset ? 0 : (width - offset + stride - 1) / stride;
  first = std::min(first, count);
  return {first, std::clamp(last, first, count)};
}

/// Row `tap` of the matrix: what that tap sees at each position.
template <class T>
void gather_tap(const State& s, const T* image, int64_t tap, T* row) {
  int64_t q = tap % s.w[3], p = tap / s.w[3] % s.w[2], c = tap / (s.w[3] * s.w[2]);
  const T* plane = image + c * s.x_strides[1];
  int64_t offset = q * s.attrs.dilation[1] - s.attrs.padding[1], step = s.attrs.stride[1], width = s.y[3];
  Inside in = inside(s.x[3], width, step, offset);
  for (int64_t i = 0; i < s.y[2]; ++i, row += width) {
    int64_t h = i * s.attrs.stride[0] - s.attrs.padding[0] + p * s.attrs.dilation[0];
    if (h < 0 || h >= s.x[2]) {
      std::fill_n(row, width, T(0));
      continue;
    }
    const T* from = plane + h * s.x_strides[2] + offset * s.x_strides[3];
    std::fill_n(row, in.first, T(0));
    if (step * s.x_strides[3] == 1) {
      std::copy(from + in.first, from + in.last, row + in.first);
    } else {
      for (int64_t j = in.first; j < in.last; ++j) row[j] = from[j * step * s.x_strides[3]];
    }
    std::fill(row + in.last, row + width, T(0));
  }
}

/// Adds row `tap` of a matrix to where the tap saw it.
template <class T>
void scatter_tap(const State& s, const T* row, int64_t tap, T* image) {
  int64_t q = tap % s.w[3], p = tap / s.w[3] % s.w[2], c = tap / (s.w[3] * s.w[2]);
  T* plane = image + c * s.x_strides[1];
  int64_t offset = q * s.attrs.dilation[1] - s.attrs.padding[1], step = s.attrs.stride[1], width = s.y[3];
  Inside in = inside(s.x[3], width, step, offset);
  for (int64_t i = 0; i < s.y[2]; ++i, row += width) {
    int64_t h = i * s.attrs.stride[0] - s.attrs.padding[0] + p * s.attrs.dilation[0];
    if (h < 0 || h >= s.x[2]) continue;
    T* to = plane + h * s.x_strides[2] + offset * s.x_strides[3];
    for (int64_t j = in.first; j < in.last; ++j) to[j * step * s.x_strides[3]] += row[j];
  }
}

/// The batch in pieces of [begin, end) images, each with its part of the workspace.
template <class F>
void for_each_piece(const State& s, void* workspace, F&& body) {
  parallel_for(0, s.pieces, 1, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece) {
      char* memory = static_cast<char*>(workspace) + static_cast<size_t>(piece) * s.piece_bytes;
      body(piece * s.x[0] / s.pieces, (piece + 1) * s.x[0] / s.pieces, memory, memory + s.matrix_bytes);
    }
  });
}

// ---- forward ----

template <class T>
void finish_plane(const KernelArgs& args, const State& s, int64_t n, int64_t o, T* y) {
  if (has_input(args.inputs, 2)) {
    T bias = args.inputs[2].as<T>()[o * args.inputs[2].strides[0]];
    for (int64_t i = 0; i < s.positions; ++i) y[i] += bias;
  }
  if (has_input(args.inputs, 3)) {
    const T* z = args.inputs[3].as<T>() + (n * s.w[0] + o) * s.positions;
    for (int64_t i = 0; i < s.positions; ++i) y[i] += z[i];
  }
  activate(s.activation, y, s.positions);
}

template <class T>
void forward(const KernelArgs& args, const State& s) {
  const T *x = args.inputs[0].as<T>(), *w = args.inputs[1].as<T>();
  T* y = args.outputs[0].as<T>();
  for_each_piece(s, args.workspace, [&](int64_t begin, int64_t end, char* memory, char* scratch) {
    T* matrix = reinterpret_cast<T*>(memory);
    for (int64_t n = begin; n < end && !args.context.is_cancelled(); ++n)
      for (int64_t g = 0; g < s.groups; ++g) {
        const T* image = x + n * s.x_strides[0] + g * s.in_group * s.x_strides[1];
        T* out = y + (n * s.w[0] + g * s.out_group) * s.positions;
        parallel_for(0, s.taps, 16, [&](int64_t b, int64_t e) {
          for (int64_t tap = b; tap < e; ++tap) gather_tap(s, image, tap, matrix + tap * s.positions);
        });
        gemm<T>({s.out_group, s.positions, s.taps, w + g * s.out_group * s.taps, s.taps, 1, matrix,
                 s.positions, 1, out, s.positions},
                scratch, args.context);
        for (int64_t o = 0; o < s.out_group; ++o)
          finish_plane(args, s, n, g * s.out_group + o, out + o * s.positions);
      }
  });
}

// ---- gradients ----

template <class T>
void backward_data(const KernelArgs& args, const State& s) {
  const T *w = args.inputs[0].as<T>(), *dy = args.inputs[1].as<T>();
  T* dx = args.outputs[0].as<T>();
  int64_t image_size = s.x[1] * s.x[2] * s.x[3];
  for_each_piece(s, args.workspace, [&](int64_t begin, int64_t end, char* memory, char* scratch) {
    T* matrix = reinterpret_cast<T*>(memory);
    for (int64_t n = begin; n < end && !args.context.is_cancelled(); ++n) {
      std::fill_n(dx + n * image_size, image_size, T(0));
      for (int64_t g = 0; g < s.groups; ++g) {
        const T* grad = dy + (n * s.w[0] + g * s.out_group) * s.positions;
        gemm<T>({s.taps, s.positions, s.out_group, w + g * s.out_group * s.taps, 1, s.taps, grad, s.positions,
                 1, matrix, s.positions},
                scratch, args.context);
        T* image = dx + n * image_size + g * s.in_group * s.x_strides[1];
        int64_t window = s.w[2] * s.w[3];  // the taps of one channel add to one plane
        parallel_for(0, s.in_group, 4, [&](int64_t b, int64_t e) {
          for (int64_t tap = b * window; tap < e * window; ++tap)
            scatter_tap(s, matrix + tap * s.positions, tap, image);
        });
      }
    }
  });
}

/// Image after image, so that the order of the sums does not depend on the number of threads.
template <class T>
void backward_weight(const KernelArgs& args, const State& s) {
  const T *x = args.inputs[0].as<T>(), *dy = args.inputs[1].as<T>();
  T *dw = args.outputs[0].as<T>(), *matrix = static_cast<T*>(args.workspace);
  char* scratch = static_cast<char*>(args.workspace) + s.matrix_bytes;
  std::fill_n(dw, element_count(s.w), T(0));
  for (int64_t n = 0; n < s.x[0] && !args.context.is_cancelled(); ++n)
    for (int64_t g = 0; g < s.groups; ++g) {
      const T* image = x + n * s.x_strides[0] + g * s.in_group * s.x_strides[1];
      const T* grad = dy + (n * s.w[0] + g * s.out_group) * s.positions;
      parallel_for(0, s.taps, 16, [&](int64_t b, int64_t e) {
        for (int64_t tap = b; tap < e; ++tap) gather_tap(s, image, tap, matrix + tap * s.positions);
      });
      gemm<T>({s.out_group, s.taps, s.positions, grad, s.positions, 1, matrix, 1, s.positions,
               dw + g * s.out_group * s.taps, s.taps, true},
              scratch, args.context);
    }
}

// ---- registration ----

enum class Kind { kForward, kData, kWeight };

State state_of(const KernelSignature& s, Kind kind) {
  const TensorMeta &first = s.inputs[0], &second = s.inputs[1], &out = s.outputs[0];
  if (kind == Kind::kData) return {conv2d_attrs(s.attrs.as<Conv2dGradAttrs>()), out, first, second};
  if (kind == Kind::kWeight) return {conv2d_attrs(s.attrs.as<Conv2dGradAttrs>()), first, out, second};
  if (s.op == "conv2d") return {s.attrs.as<Conv2dAttrs>(), first, second, out};
  const auto& attrs = s.attrs.as<Conv2dActAttrs>();
  State state(conv2d_attrs(attrs), first, second, out);
  state.activation = activation_of(attrs.activation);
  return state;
}

Support supports_conv(const KernelSignature& s, Kind kind) {
  DType dtype = s.outputs[0].dtype;
  if (dtype != DType::kFloat32 && dtype != DType::kFloat64)
    return Support::no("dtype " + std::string(dtype_name(dtype)) + ": made for float32 and float64");
  if (!s.outputs[0].is_dense()) return Support::no("an output with gaps");
  for (size_t i = 0; i < s.inputs.size(); ++i) {
    bool any_strides = i == 2 || (i == 0 && kind != Kind::kData);  // bias; the image that is laid out
    if (s.inputs[i].present && !any_strides && !s.inputs[i].is_dense())
      return Support::no("input " + std::to_string(i) + " with gaps or transposed");
  }
  return Support::yes();
}

Prepared prepare_conv(const KernelSignature& signature, Kind kind) {
  auto state = std::make_shared<State>(state_of(signature, kind));
  State& s = *state;
  auto aligned = [](size_t bytes) { return (bytes + 63) / 64 * 64; };
  visit_type(signature.outputs[0].dtype, [&]<class T>() {
    s.matrix_bytes = aligned(static_cast<size_t>(s.taps * s.positions) * sizeof(T));
    size_t scratch = kind == Kind::kForward ? gemm_workspace<T>(s.out_group, s.positions, s.taps)
                     : kind == Kind::kData  ? gemm_workspace<T>(s.taps, s.positions, s.out_group)
                                            : gemm_workspace<T>(s.out_group, s.taps, s.positions);
    s.piece_bytes = s.matrix_bytes + aligned(scratch);
  });
  if (kind != Kind::kWeight) s.pieces = std::clamp<int64_t>(s.x[0], 1, thread_count());
  return {state, s.piece_bytes * static_cast<size_t>(s.pieces)};
}

template <Kind K>
void run_conv(const KernelArgs& args) {
  const State& s = args.state_as<State>();
  visit_type(args.outputs[0].dtype, [&]<class T>() {
    if constexpr (K == Kind::kForward) forward<T>(args, s);
    if constexpr (K == Kind::kData) backward_data<T>(args, s);
    if constexpr (K == Kind::kWeight) backward_weight<T>(args, s);
  });
}

template <Kind K>
void add_conv(KernelTable& table, const std::string& op) {
  table.add({.op = op,
             .name = "x86/" + op,
             .supports = [](const KernelSignature& s) { return supports_conv(s, K); },
             .prepare = [](const KernelSignature& s) { return prepare_conv(s, K); },
             .run = run_conv<K>});
}

}  // namespace

void register_x86_conv2d(KernelTable& table) {
  add_conv<Kind::kForward>(table, "conv2d");
  add_conv<Kind::kForward>(table, "conv2d_bias_act");
  add_conv<Kind::kData>(table, "conv2d_backward_data");
  add_conv<Kind::kWeight>(table, "conv2d_backward_weight");
}

}  // namespace miai::kernels
