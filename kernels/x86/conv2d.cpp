// conv2d, conv2d_bias_act and conv2d_backward_data for float32 and float64. The gradient for the input is a
// convolution too: of dy, with the taps that share the output's remainder by the stride.
#include "kernels/x86/conv2d.h"

#include <algorithm>

#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/epilogue.h"

namespace miai::kernels {
namespace {

/// The weight as the sums read it: element (o, c, tap) of a group, c a channel of the source.
struct WeightStrides {
  int64_t group, out, channel;
};

template <class T>
struct State {
  const ConvLoops<T>& loops = conv_loops<T>();
  int64_t batch = 0, groups = 1, channels = 0,
          outputs = 0;  // channels of a group: of the source, of the sums
  Strides source;
  bool in_place = false;  // the source is read where it lies
  WeightStrides weight{};
  PlaneShape plane;
  std::vector<Correlation> correlations;
  int64_t rows = 1, row_tiles = 0;  // of output channels
  int64_t output_plane = 0;
  Activation activation = Activation::kIdentity;
  int64_t pieces = 1;   // of the batch, each with planes of its own
  bool packed = false;  // the weight comes packed
  int64_t weight_elements = 0, plane_elements = 0, panel_elements = 0;

  int64_t tile_rows(int64_t tile) const { return std::min(rows, outputs - tile * rows); }
};

// ---- run ----

/// The packed weight of one correlation, group and tile of output channels: for each channel and tap, its
/// rows.
template <class T>
void pack_tile(const State<T>& s, const Correlation& c, const T* weight, int64_t tile, T* packed) {
  int64_t first = tile * s.rows, rows = s.tile_rows(tile);
  for (int64_t channel = 0; channel < s.channels; ++channel)
    for (const Tap& tap : c.taps) {
      const T* from = weight + first * s.weight.out + channel * s.weight.channel + tap.index;
      for (int64_t i = 0; i < rows; ++i) *packed++ = from[i * s.weight.out];
    }
}

/// One image and group on its way through one correlation.
template <class T>
struct Pass {
  const State<T>& s;
  const KernelArgs& args;
  const Correlation& c;
  const T* packed;  // of this correlation and group
  const T* plane;   // channel 0
  int64_t channel_size;
  const T* panel;  // the last block's source, where reading on would leave the image
  int64_t image, group;

  int64_t taps() const { return static_cast<int64_t>(c.taps.size()); }

  void write_row(const PositionBlock& block, int64_t o, const T* sums) const {
    int64_t channel = group * s.outputs + o, at = (image * s.groups * s.outputs + channel) * s.output_plane;
    auto has = [&](size_t i) { return i < args.inputs.size() && args.inputs[i].present; };
    bool fuses = args.inputs.size() > 2;
    RowOut<T> row{sums,
                  c.runs.data() + block.first_run,
                  block.run_count,
                  c.step,
                  fuses && has(2) ? args.inputs[2].as<T>()[channel * args.inputs[2].strides[0]] : T(0),
                  fuses && has(3) ? args.inputs[3].as<T>() + at : nullptr,
                  s.activation == Activation::kRelu,
                  args.outputs[0].as<T>() + at};
    s.loops.write(row);
    if (s.activation != Activation::kIdentity && s.activation != Activation::kRelu)
      for (int i = 0; i < block.run_count; ++i)
        activate(s.activation, row.y + row.runs[i].to, row.runs[i].count);
  }

  void run_tile(const PositionBlock& block, int64_t tile) const {
    alignas(64) T sums[kMostTileElements];
    bool from_panel = panel && &block == &c.blocks.back();
    int64_t rows = s.tile_rows(tile), lanes = static_cast<int64_t>(block.vectors) * s.loops.lanes;
    s.loops.tile[block.vectors - 1][rows - 1](
        {from_panel ? panel : plane + block.first, s.channels, from_panel ? lanes : channel_size,
         c.taps.data(), static_cast<int>(taps()), packed + tile * s.rows * s.channels * taps(), sums});
    for (int64_t i = 0; i < rows; ++i) write_row(block, tile * s.rows + i, sums + i * lanes);
  }

  /// The larger of weight and image is walked once, the other one stays in the caches.
  void run() const {
    auto blocks = static_cast<int64_t>(c.blocks.size());
    bool tiles_first = s.outputs * taps() > s.plane.channel_size;
    int64_t outer = tiles_first ? s.row_tiles : blocks, inner = tiles_first ? blocks : s.row_tiles;
    parallel_for(0, outer, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end && !args.context.is_cancelled(); ++i)
        for (int64_t j = 0; j < inner; ++j)
          run_tile(c.blocks[static_cast<size_t>(tiles_first ? j : i)], tiles_first ? i : j);
    });
  }
};

template <class T>
void lay_out_image(const State<T>& s, const T* image, T* planes) {
  parallel_for(0, s.channels, 8, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c)
      s.loops.lay_out(s.plane, image + c * s.source[1], s.source[2], s.source[3],
                      planes + c * s.plane.channel_size);
  });
}

/// The lanes of the last block of an image that is read where it lies.
template <class T>
void fill_panel(const State<T>& s, const T* image, const PositionBlock& block, T* panel) {
  int64_t lanes = static_cast<int64_t>(block.vectors) * s.loops.lanes;
  int64_t used = s.plane.height * s.plane.width - block.first;
  for (int64_t c = 0; c < s.channels; ++c, panel += lanes) {
    std::copy_n(image + c * s.source[1] + block.first, used, panel);
    std::fill(panel + used, panel + lanes, T(0));
  }
}

template <class T>
void run_image(const KernelArgs& args, const State<T>& s, const T* source, const T* packed, int64_t image,
               T* planes) {
  T* panel = planes + s.plane_elements;
  for (int64_t g = 0; g < s.groups; ++g) {
    const T* from = source + image * s.source[0] + g * s.channels * s.source[1];
    bool has_panel = s.in_place && s.panel_elements;
    if (has_panel) fill_panel(s, from, s.correlations[0].blocks.back(), panel);
    if (!s.in_place) lay_out_image(s, from, planes);
    const T* weight = packed;
    for (const Correlation& c : s.correlations) {
      int64_t size = s.outputs * s.channels * static_cast<int64_t>(c.taps.size());
      Pass<T>{s,
              args,
              c,
              weight + g * size,
              s.in_place ? from : planes,
              s.in_place ? s.source[1] : s.plane.channel_size,
              has_panel ? panel : nullptr,
              image,
              g}
          .run();
      weight += s.groups * size;
    }
  }
}

template <class T>
void pack_weight(const State<T>& s, const T* weight, T* packed) {
  for (const Correlation& c : s.correlations) {
    auto taps = static_cast<int64_t>(c.taps.size());
    parallel_for(0, s.groups * s.row_tiles, 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t group = i / s.row_tiles, tile = i % s.row_tiles;
        pack_tile(s, c, weight + group * s.weight.group, tile,
                  packed + (group * s.outputs + tile * s.rows) * s.channels * taps);
      }
    });
    packed += s.groups * s.outputs * s.channels * taps;
  }
}

template <class T>
void run(const KernelArgs& args, const T* source, const T* weight) {
  const auto& s = args.state_as<State<T>>();
  T* planes = static_cast<T*>(args.workspace);
  const T* packed = weight;
  if (!s.packed) {
    pack_weight(s, weight, planes);
    packed = planes;
    planes += s.weight_elements;
  }
  parallel_for(0, s.pieces, 1, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece)
      for (int64_t n = piece * s.batch / s.pieces; n < (piece + 1) * s.batch / s.pieces; ++n)
        run_image(args, s, source, packed, n, planes + piece * (s.plane_elements + s.panel_elements));
  });
}

// ---- prepare ----

/// The sizes that follow from what the state says already.
template <class T>
Prepared finish_state(const std::shared_ptr<State<T>>& state) {
  State<T>& s = *state;
  int64_t lanes = s.loops.lanes, tiles = (s.outputs + s.loops.most_rows - 1) / s.loops.most_rows;
  s.rows = (s.outputs + tiles - 1) / tiles;
  s.row_tiles = (s.outputs + s.rows - 1) / s.rows;
  for (const Correlation& c : s.correlations)
    s.weight_elements += s.groups * s.outputs * s.channels * static_cast<int64_t>(c.taps.size());
  s.weight_elements = (s.weight_elements + lanes - 1) / lanes * lanes;
  if (!s.in_place) {
    s.plane_elements =
        s.channels * s.plane.channel_size + 4 * lanes;  // lanes that no output needs are read too
  } else if (s.plane.height * s.plane.width % (2 * lanes)) {
    s.panel_elements = s.channels * 2 * lanes;
  }
  s.pieces = s.batch >= thread_count() ? thread_count() : 1;
  auto bytes = [](int64_t elements) { return static_cast<size_t>(elements) * sizeof(T); };
  int64_t planes = s.pieces * (s.plane_elements + s.panel_elements);
  if (s.packed) return {state, bytes(planes), bytes(s.weight_elements)};
  return {state, bytes(s.weight_elements + planes)};
}

template <class T>
Prepared prepare_forward(const KernelSignature& signature) {
  const TensorMeta &x = signature.inputs[0], &w = signature.inputs[1], &y = signature.outputs[0];
  Conv2dAttrs a = conv2d_attrs_of(signature);
  auto state = std::make_shared<State<T>>();
  State<T>& s = *state;
  s.packed = signature.packed;
  s.batch = x.shape[0], s.groups = a.groups, s.channels = w.shape[1], s.outputs = w.shape[0] / a.groups;
  s.source = x.strides;
  int64_t taps = w.shape[2] * w.shape[3];
  s.weight = {s.outputs * s.channels * taps, s.channels * taps, taps};
  if (signature.op == "conv2d_bias_act")
    s.activation = activation_of(signature.attrs.as<Conv2dActAttrs>().activation);
  s.output_plane = y.shape[2] * y.shape[3];
  AxisOutputs rows = forward_axis(w.shape[2], a.stride[0], a.padding[0], a.dilation[0], y.shape[2]);
  AxisOutputs columns = forward_axis(w.shape[3], a.stride[1], a.padding[1], a.dilation[1], y.shape[3]);
  s.plane = plane_shape(x.shape[2], x.shape[3], a.stride[0], a.stride[1], {rows}, {columns}, s.loops.lanes);
  s.correlations = {correlate(s.plane, rows, columns, w.shape[3], y.shape[3], s.loops.lanes)};
  s.in_place = taps == 1 && a.stride == Pair{1, 1} && a.padding == Pair{0, 0} && x.strides[3] == 1 &&
               x.strides[2] == x.shape[3];
  return finish_state(state);
}

template <class T>
Prepared prepare_backward_data(const KernelSignature& signature) {
  const TensorMeta &w = signature.inputs[0], &dy = signature.inputs[1], &dx = signature.outputs[0];
  Conv2dAttrs a = conv2d_attrs_of(signature);
  auto state = std::make_shared<State<T>>();
  State<T>& s = *state;
  s.batch = dy.shape[0], s.groups = a.groups, s.channels = w.shape[0] / a.groups, s.outputs = w.shape[1];
  s.source = dy.strides;
  int64_t taps = w.shape[2] * w.shape[3];
  s.weight = {s.outputs * s.channels * taps, taps, s.outputs * taps};
  s.output_plane = dx.shape[2] * dx.shape[3];
  auto rows = backward_axis(w.shape[2], a.stride[0], a.padding[0], a.dilation[0], dx.shape[2]);
  auto columns = backward_axis(w.shape[3], a.stride[1], a.padding[1], a.dilation[1], dx.shape[3]);
  s.plane = plane_shape(dy.shape[2], dy.shape[3], 1, 1, rows, columns, s.loops.lanes);
  for (const AxisOutputs& row : rows)
    for (const AxisOutputs& column : columns)
      s.correlations.push_back(correlate(s.plane, row, column, w.shape[3], dx.shape[3], s.loops.lanes));
  s.in_place = taps == 1 && a.stride == Pair{1, 1} && a.padding == Pair{0, 0} && dy.strides[3] == 1 &&
               dy.strides[2] == dy.shape[3];
  return finish_state(state);
}

// ---- registration ----

void run_forward(const KernelArgs& args) {
  visit_conv_dtype(args.outputs[0].dtype,
                   [&]<class T>() { run(args, args.inputs[0].as<T>(), args.inputs[1].as<T>()); });
}
void run_backward_data(const KernelArgs& args) {
  visit_conv_dtype(args.outputs[0].dtype,
                   [&]<class T>() { run(args, args.inputs[1].as<T>(), args.inputs[0].as<T>()); });
}

void pack(const void* state, const TensorView& weight, void* packed) {
  visit_conv_dtype(weight.dtype, [&]<class T>() {
    pack_weight(*static_cast<const State<T>*>(state), weight.as<T>(), static_cast<T*>(packed));
  });
}

/// The image that is laid out may have any strides, and so may the bias.
Support supports_forward(const KernelSignature& s) {
  Support can = supports_conv2d(s, {0, 2});
  return can.ok ? prefers_conv2d(s, s.inputs[1].shape[1], s.inputs[1].shape[0] / conv2d_attrs_of(s).groups)
                : can;
}
Support supports_backward_data(const KernelSignature& s) {
  Support can = supports_conv2d(s, {1});
  return can.ok ? prefers_conv2d(s, s.inputs[0].shape[1], s.inputs[0].shape[0] / conv2d_attrs_of(s).groups)
                : can;
}

}  // namespace

void register_x86_conv2d(KernelTable& table) {
  auto forward = [](const KernelSignature& s) {
    return visit_conv_dtype(s.outputs[0].dtype, [&]<class T>() { return prepare_forward<T>(s); });
  };
  for (const char* op : {"conv2d", "conv2d_bias_act"})
    table.add({.op = op,
               .name = std::string("x86/") + op,
               .supports = supports_forward,
               .prepare = forward,
               .run = run_forward,
               .preference = kPreference,
               .packs = 1,
               .pack = pack});
  table.add({.op = "conv2d_backward_data",
             .name = "x86/conv2d_backward_data",
             .supports = supports_backward_data,
             .prepare =
                 [](const KernelSignature& s) {
                   return visit_conv_dtype(s.outputs[0].dtype,
                                           [&]<class T>() { return prepare_backward_data<T>(s); });
                 },
             .run = run_backward_data,
             .preference = kPreference});
}

}  // namespace miai::kernels
