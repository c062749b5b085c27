// batch_norm_apply for float32: batch_norm and batch_norm_act without their sums, by the same loops.
#include "kernels/common/attrs/batch_norm.h"
#include "kernels/common/kernel_table.h"
#include "kernels/x86/batch_norm_images.h"

namespace miai::kernels {
namespace {

constexpr size_t kZ = 5;  // input

Prepared prepare(const KernelSignature& s) {
  Clamp clamp = clamp_of(s.attrs.as<BatchNormApplyAttrs>().activation);
  return {std::make_shared<Clamp>(clamp), rows_workspace(s)};
}

ChannelMap<float> saved_map(const KernelArgs& args, int64_t c) {
  return channel_map(channel_value(args, 1, c, 0), channel_value(args, 2, c, 1), channel_value(args, 3, c, 1),
                     channel_value(args, 4, c, 0));
}

void run_on_runs(const KernelArgs& args, ChannelRuns in, ChannelRuns out) {
  const TensorView &inp = args.inputs[0], &result = args.outputs[0];
  const TensorView* z = has_input(args, kZ) ? &args.inputs[kZ] : nullptr;
  ChannelRuns added = z ? *runs_of(*z) : in;
  for_each_channel(in, inp.shape[1], [&](int64_t c) {
    batch_norm_loops().run_apply(
        inp.as<float>() + c * inp.strides[1], in, z ? z->as<float>() + c * z->strides[1] : nullptr, added,
        result.as<float>() + c * result.strides[1], out, saved_map(args, c), args.state_as<Clamp>());
  });
}

void run_on_rows(const KernelArgs& args, ChannelRows in, ChannelRows out) {
  const float *x = args.inputs[0].as<float>(), *z = nullptr;
  float* y = args.outputs[0].as<float>();
  int64_t z_stride = 0;
  if (has_input(args, kZ)) z = args.inputs[kZ].as<float>(), z_stride = rows_of(args.inputs[kZ])->stride;
  RowChunks chunks(in);
  float *mean = chunks.array(args.workspace, 0), *scale = chunks.array(args.workspace, 1),
        *shift = chunks.array(args.workspace, 2);
  for (int64_t c = 0; c < in.channels; ++c) {
    ChannelMap<float> map = saved_map(args, c);
    mean[c] = map.mean, scale[c] = map.scale, shift[c] = map.shift;
  }
  chunks.apply([&](int64_t begin, int64_t end) {
    batch_norm_loops().row_apply(x + begin * in.stride, in.part(begin, end),
                                 z ? z + begin * z_stride : nullptr, z_stride, y + begin * out.stride,
                                 out.stride, {mean, scale, shift}, args.state_as<Clamp>());
  });
}

void run(const KernelArgs& args) {
  auto in = runs_of(args.inputs[0]), out = runs_of(args.outputs[0]);
  bool runs = in && out && (!has_input(args, kZ) || runs_of(args.inputs[kZ]));
  if (runs) return run_on_runs(args, *in, *out);
  run_on_rows(args, *rows_of(args.inputs[0]), *rows_of(args.outputs[0]));
}

}  // namespace

void register_x86_batch_norm_apply(KernelTable& table) {
  table.add({.op = "batch_norm_apply",
             .name = "x86/batch_norm_apply",
             .supports = [](const KernelSignature& s) { return supports_images(s, {0, kZ}); },
             .prepare = prepare,
             .run = run,
             .preference = 10,
             .channels_last = ChannelsLast{.inputs = {0, static_cast<int>(kZ)}, .outputs = {0}}});
}

}  // namespace miai::kernels
