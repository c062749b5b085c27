// conv2d_backward_weight for float32 and float64: dy and the image are laid out with the same pitch, and each
// element of the gradient is a product of two planes, one shifted by the tap. Threads share no planes: each
// takes parts of the batch, whose number depends on the shapes alone, and the parts' sums are added up at the
// end.
#include <algorithm>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/conv2d.h"
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/sum_parts.h"

namespace miai::kernels {
namespace {

constexpr int64_t kVectors = 64;     // that a tile sums before its lanes are added up, if the batch has them
constexpr int64_t kMostColumns = 8;  // of a tile of any instruction set
constexpr int64_t kCacheBytes = 384 * 1024;  // of dy that one round of tiles reads

template <class T>
struct State {
  const ConvLoops<T>& loops = conv_loops<T>();
  int64_t batch = 0, groups = 1, inputs = 0, outputs = 0;  // channels of a group
  Strides x, dy;
  PlaneShape x_plane, dy_plane;
  std::vector<Tap> taps;
  int64_t images = 1;       // laid out at a time
  int64_t cached_rows = 1;  // output channels whose dy stays in the cache
  int64_t x_elements = 0, slack = 0, plane_elements = 0;
  int64_t parts = 1, slots = 1;  // of the batch; that are summed at once, each with planes of its own

  int64_t columns() const { return inputs * static_cast<int64_t>(taps.size()); }
};

/// Some images of a group, laid out: their part of the gradient.
template <class T>
struct Round {
  const State<T>& s;
  const T *x, *dy;  // planes
  int64_t images;
  T* dw;  // of the group
  bool is_first;

  /// A tile's columns: where each is read, and where its element of a row of dw goes.
  struct Columns {
    const T* x[kMostColumns];
    int64_t to[kMostColumns];
    int64_t count;
  };

  Columns columns_from(int64_t first) const {
    Columns columns{};
    auto taps = static_cast<int64_t>(s.taps.size());
    columns.count = std::min<int64_t>(s.loops.weight_columns, s.columns() - first);
    for (int64_t j = 0; j < s.loops.weight_columns; ++j) {
      int64_t k = std::min(first + j, s.columns() - 1), channel = k / taps;
      const Tap& tap = s.taps[static_cast<size_t>(k % taps)];
      columns.x[j] = x + channel * s.x_plane.channel_size + tap.offset;
      columns.to[j] = channel * taps + tap.index;
    }
    return columns;
  }

  void run_tile(int64_t row, int64_t rows, const Columns& columns) const {
    T sums[kMostTileElements];
    int64_t dy_size = s.dy_plane.channel_size;
    s.loops.weight_tile[rows - 1]({dy + row * dy_size, dy_size, s.outputs * dy_size, columns.x,
                                   s.inputs * s.x_plane.channel_size, images, dy_size / s.loops.lanes, sums});
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns.count; ++j) {
        T& to = dw[(row + i) * s.columns() + columns.to[j]];
        T sum = sums[i * s.loops.weight_columns + j];
        to = is_first ? sum : to + sum;
      }
  }

  void run() const {
    int64_t width = s.loops.weight_columns, tiles = (s.columns() + width - 1) / width;
    parallel_for(0, tiles, 1, [&](int64_t begin, int64_t end) {
      for (int64_t first = 0; first < s.outputs; first += s.cached_rows) {
        int64_t last = std::min(first + s.cached_rows, s.outputs);
        for (int64_t tile = begin; tile < end; ++tile) {
          Columns columns = columns_from(tile * width);
          for (int64_t row = first; row < last; row += s.loops.weight_rows)
            run_tile(row, std::min<int64_t>(s.loops.weight_rows, last - row), columns);
        }
      }
    });
  }
};

/// Lays out `channels` of each of some images.
template <class T>
void lay_out(const ConvLoops<T>& loops, const PlaneShape& plane, const T* from, const Strides& strides,
             int64_t images, int64_t channels, T* to) {
  parallel_for(0, images * channels, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      loops.lay_out(plane, from + i / channels * strides[0] + i % channels * strides[1], strides[2],
                    strides[3], to + i * plane.channel_size);
  });
}

/// Adds some images' part of a group's gradient.
template <class T>
void run_round(const KernelArgs& args, const State<T>& s, int64_t group, int64_t first, int64_t images,
               bool is_first, T* planes, T* dw) {
  T *x = planes, *dy = planes + s.x_elements;
  lay_out(s.loops, s.x_plane, args.inputs[0].as<T>() + first * s.x[0] + group * s.inputs * s.x[1], s.x,
          images, s.inputs, x);
  std::fill_n(x + images * s.inputs * s.x_plane.channel_size, s.slack, T(0));
  lay_out(s.loops, s.dy_plane, args.inputs[1].as<T>() + first * s.dy[0] + group * s.outputs * s.dy[1], s.dy,
          images, s.outputs, dy);
  Round<T>{s, x, dy, images, dw + group * s.outputs * s.columns(), is_first}.run();
}

template <class T>
void run_part(const KernelArgs& args, const State<T>& s, int64_t part, T* planes, T* dw) {
  int64_t begin = part * s.batch / s.parts, end = (part + 1) * s.batch / s.parts;
  for (int64_t g = 0; g < s.groups; ++g)
    for (int64_t n = begin; n < end && !args.context.is_cancelled(); n += s.images)
      run_round(args, s, g, n, std::min(s.images, end - n), n == begin, planes, dw);
}

template <class T>
void run_parts(const KernelArgs& args, const State<T>& s) {
  T *dw = args.outputs[0].as<T>(), *planes = static_cast<T*>(args.workspace);
  int64_t elements = args.outputs[0].size();
  T* sums = planes + s.slots * s.plane_elements;  // of all parts but the first
  parallel_for(0, s.slots, 1, [&](int64_t begin, int64_t end) {
    for (int64_t slot = begin; slot < end; ++slot)
      for (int64_t part = slot; part < s.parts; part += s.slots)
        run_part(args, s, part, planes + slot * s.plane_elements,
                 part == 0 ? dw : sums + (part - 1) * elements);
  });
  add_parts(sums, s.parts - 1, elements, dw);
}

template <class T>
Prepared prepare(const KernelSignature& signature) {
  const TensorMeta &x = signature.inputs[0], &dy = signature.inputs[1], &dw = signature.outputs[0];
  Conv2dAttrs a = conv2d_attrs_of(signature);
  auto state = std::make_shared<State<T>>();
  State<T>& s = *state;
  s.batch = x.shape[0], s.groups = a.groups, s.inputs = dw.shape[1], s.outputs = dw.shape[0] / a.groups;
  s.x = x.strides, s.dy = dy.strides;
  int64_t lanes = s.loops.lanes;
  AxisOutputs rows = forward_axis(dw.shape[2], a.stride[0], a.padding[0], a.dilation[0], dy.shape[2]);
  AxisOutputs columns = forward_axis(dw.shape[3], a.stride[1], a.padding[1], a.dilation[1], dy.shape[3]);
  s.x_plane = plane_shape(x.shape[2], x.shape[3], a.stride[0], a.stride[1], {rows}, {columns}, lanes);
  s.taps = correlate(s.x_plane, rows, columns, dw.shape[3], dy.shape[3], s.loops.lanes).taps;
  s.dy_plane = {.height = dy.shape[2], .width = dy.shape[3], .rows = dy.shape[2], .pitch = s.x_plane.pitch};
  s.dy_plane.phase_size = s.dy_plane.channel_size = round_up(dy.shape[2] * s.x_plane.pitch, lanes);
  int64_t vectors = std::max<int64_t>(1, s.dy_plane.channel_size / lanes);
  s.images = std::clamp<int64_t>((kVectors + vectors - 1) / vectors, 1, std::max<int64_t>(s.batch, 1));
  int64_t row_bytes = s.images * s.dy_plane.channel_size * static_cast<int64_t>(sizeof(T));
  s.cached_rows =
      round_up(std::max<int64_t>(1, kCacheBytes / std::max<int64_t>(row_bytes, 1)), s.loops.weight_rows);
  for (const Tap& tap : s.taps)
    s.slack = std::max(s.slack, tap.offset + s.dy_plane.channel_size - s.x_plane.channel_size);
  s.slack = round_up(s.slack, lanes);
  s.x_elements = s.images * s.inputs * s.x_plane.channel_size + s.slack;
  s.plane_elements = s.x_elements + s.images * s.outputs * s.dy_plane.channel_size;
  int64_t elements = dw.size();
  s.parts = parts_of_sum(s.batch, elements * static_cast<int64_t>(sizeof(T)));
  if (s.parts >= thread_count()) s.slots = thread_count();
  return {state, static_cast<size_t>(s.slots * s.plane_elements + (s.parts - 1) * elements) * sizeof(T)};
}

void run(const KernelArgs& args) {
  visit_conv_dtype(args.outputs[0].dtype, [&]<class T>() {
    const auto& s = args.state_as<State<T>>();
    if (s.batch == 0) std::fill_n(args.outputs[0].as<T>(), args.outputs[0].size(), T(0));
    run_parts(args, s);
  });
}

Support supports(const KernelSignature& s) {
  Support can = supports_conv2d(s, {0, 1});
  return can.ok ? prefers_conv2d(s, s.outputs[0].shape[1], s.outputs[0].shape[0] / conv2d_attrs_of(s).groups)
                : can;
}

}  // namespace

void register_x86_conv2d_weight(KernelTable& table) {
  table.add({.op = "conv2d_backward_weight",
             .name = "x86/conv2d_backward_weight",
             .supports = supports,
             .prepare =
                 [](const KernelSignature& s) {
                   return visit_conv_dtype(s.outputs[0].dtype, [&]<class T>() { return prepare<T>(s); });
                 },
             .run = run,
             .preference = kPreference});
}

}  // namespace miai::kernels
