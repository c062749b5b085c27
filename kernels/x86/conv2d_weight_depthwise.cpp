// conv2d_backward_weight where every channel has a window of its own, for float32 images that lie
// channels-last.
#include <algorithm>

#include "kernels/common/kernel_table.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/channels_last_images.h"
#include "kernels/x86/depthwise.h"
#include "kernels/x86/sum_parts.h"

namespace miai::kernels {
namespace {

constexpr int64_t kChannels = 64;  // of a task

struct State {
  std::vector<DepthwiseRectangle> rectangles;
  int64_t taps = 0, channels = 0, batch = 0;
  int64_t parts = 1;  // of the batch, each with sums [tap][channel] of its own
};

Prepared prepare(const KernelSignature& signature) {
  auto state = std::make_shared<State>();
  State& s = *state;
  const TensorMeta& weight = signature.outputs[0];
  s.rectangles = depthwise_rectangles(signature);
  s.taps = weight.shape[2] * weight.shape[3], s.channels = weight.shape[0];
  s.batch = signature.inputs[0].shape[0];
  s.parts = parts_of_sum(s.batch, static_cast<int64_t>(byte_size(weight)));
  return {state, static_cast<size_t>(s.parts) * byte_size(weight)};
}

void add_image(const State& s, const KernelArgs& args, const ChannelPart& part, float* sums) {
  const float *x = first_of<float>(args.inputs[0], part), *dy = first_of<float>(args.inputs[1], part);
  for (const DepthwiseRectangle& r : s.rectangles)
    depthwise_loops().weight_sums(
        {r.taps.data(), static_cast<int>(r.taps.size()), s.channels, part.count, r.row_end - r.row_begin,
         r.columns.end - r.columns.begin,
         x + (r.row_begin * r.source_row + r.columns.begin * r.source_column) * s.channels,
         r.source_row * s.channels, r.source_column * s.channels,
         dy + (r.row_begin * r.row + r.columns.begin) * s.channels, r.row * s.channels, sums + part.first});
}

void run(const KernelArgs& args) {
  const auto& s = args.state_as<State>();
  const int64_t chunks = divide_up(s.channels, kChannels), elements = s.taps * s.channels;
  auto* sums = static_cast<float*>(args.workspace);
  parallel_for(0, s.parts * chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end && !args.context.is_cancelled(); ++task) {
      const int64_t k = task / chunks, first = task % chunks * kChannels;
      const int64_t count = std::min(kChannels, s.channels - first);
      float* part_sums = sums + k * elements;
      for (int64_t t = 0; t < s.taps; ++t) std::fill_n(part_sums + t * s.channels + first, count, 0.0f);
      for (int64_t n = k * s.batch / s.parts; n < (k + 1) * s.batch / s.parts; ++n)
        add_image(s, args, {n, first, count}, part_sums);
    }
  });
  add_parts(sums + elements, s.parts - 1, elements, sums);
  auto* weight = args.outputs[0].as<float>();
  for (int64_t c = 0; c < s.channels; ++c)
    for (int64_t t = 0; t < s.taps; ++t) weight[c * s.taps + t] = sums[t * s.channels + c];
}

}  // namespace

void register_x86_conv2d_weight_depthwise(KernelTable& table) {
  table.add({.op = "conv2d_backward_weight",
             .name = "x86/conv2d_backward_weight_depthwise",
             .supports = [](const KernelSignature& s) { return supports_depthwise(s, s.outputs[0]); },
             .prepare = prepare,
             .run = run,
             .preference = 30,
             .channels_last = ChannelsLast{.inputs = {0, 1}, .preferred = true}});
}

}  // namespace miai::kernels
