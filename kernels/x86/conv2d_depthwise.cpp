// conv2d, conv2d_bias_act and conv2d_backward_data where every channel has a window of its own, for float32
// images that lie channels-last.
#include <algorithm>

#include "kernels/common/kernel_table.h"
#include "kernels/x86/channels_last_images.h"
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/depthwise.h"
#include "kernels/x86/epilogue.h"

namespace miai::kernels {
namespace {

struct State {
  std::vector<DepthwiseRectangle> rectangles;
  int64_t taps = 0, rows = 0;  // of the largest rectangle
  bool packed = false;
  Bounds bounds;
};

/// From [channel][tap] to [tap][channel].
void transpose_weight(const float* weight, int64_t channels, int64_t taps, float* packed) {
  for (int64_t t = 0; t < taps; ++t)
    for (int64_t c = 0; c < channels; ++c) packed[t * channels + c] = weight[c * taps + t];
}

Prepared prepare(const KernelSignature& signature) {
  auto state = std::make_shared<State>();
  State& s = *state;
  const TensorMeta& weight = sides_of(signature).weight;
  s.rectangles = depthwise_rectangles(signature);
  s.taps = weight.shape[2] * weight.shape[3];
  s.packed = signature.packed;
  for (const DepthwiseRectangle& r : s.rectangles) s.rows = std::max(s.rows, r.row_end);
  if (signature.op == "conv2d_bias_act")
    s.bounds = bounds_of(activation_of(signature.attrs.as<Conv2dActAttrs>().activation));
  const size_t bytes = byte_size(weight);
  if (s.packed) return {state, 0, bytes};
  return {state, bytes};
}

/// Operands as convolution and gradient share them.
struct Operands {
  const TensorView& source;
  const float* weight;  // [tap][channel]
  const float* bias;
  const float* z;
  const TensorView& target;
};

/// Rows [first, last) of every rectangle of an image.
void run_rows(const State& s, const Operands& operands, int64_t image, int64_t first, int64_t last) {
  const int64_t channels = operands.target.shape[1];
  const ChannelPart all{image, 0, channels};
  const float* source = first_of<float>(operands.source, all);
  float* target = first_of<float>(operands.target, all);
  const float* z = operands.z ? operands.z + (target - operands.target.as<float>()) : nullptr;
  for (const DepthwiseRectangle& r : s.rectangles) {
    const int64_t begin = std::max(r.row_begin, first), end = std::min(r.row_end, last);
    if (begin >= end) continue;
    const int64_t columns = r.columns.end - r.columns.begin,
                  from = (begin * r.source_row + r.columns.begin * r.source_column) * channels,
                  to = (r.first + begin * r.row + r.columns.begin * r.column) * channels;
    depthwise_loops().sums({r.taps.data(), static_cast<int>(r.taps.size()), channels, end - begin, columns,
                            r.columns.clips_first, r.columns.clips_last, source + from,
                            r.source_row * channels, r.source_column * channels, operands.weight,
                            operands.bias, z ? z + to : nullptr, target + to, r.row * channels,
                            r.column * channels, s.bounds.least, s.bounds.most});
    if (s.bounds.after == Activation::kIdentity) continue;
    for (int64_t i = 0; i < end - begin; ++i)
      for (int64_t j = 0; j < columns; ++j)
        activate(s.bounds.after, target + to + (i * r.row + j * r.column) * channels, channels);
  }
}

void run(const KernelArgs& args, const TensorView& source, const TensorView& weight) {
  const auto& s = args.state_as<State>();
  auto pointer = [&](size_t i) {
    return i < args.inputs.size() && args.inputs[i].present ? args.inputs[i].as<float>() : nullptr;
  };
  const float* packed = weight.as<float>();
  if (!s.packed) {
    auto* scratch = static_cast<float*>(args.workspace);
    transpose_weight(packed, weight.shape[0], s.taps, scratch);
    packed = scratch;
  }
  const Operands operands{source, packed, pointer(2), pointer(3), args.outputs[0]};
  // Of the images' rows one after the other: a thread gets those that it probably made in the step before.
  parallel_for(0, operands.target.shape[0] * s.rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end && !args.context.is_cancelled();) {
      const int64_t first = row % s.rows, last = std::min(s.rows, first + end - row);
      run_rows(s, operands, row / s.rows, first, last);
      row += last - first;
    }
  });
}

void pack(const void* state, const TensorView& weight, void* packed) {
  transpose_weight(weight.as<float>(), weight.shape[0], static_cast<const State*>(state)->taps,
                   static_cast<float*>(packed));
}

}  // namespace

void register_x86_conv2d_depthwise(KernelTable& table) {
  add_convolutions<run>(
      table, "depthwise", [](const KernelSignature& s) { return supports_depthwise(s, sides_of(s).weight); },
      prepare, pack, ChannelsLast{.preferred = true});
}

}  // namespace miai::kernels
