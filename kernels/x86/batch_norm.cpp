// batch_norm, batch_norm_act and batch_norm_apply for float32, where channels are runs (row-major images) or
// rows (matrices, channels-last images).
#include <cmath>

#include "kernels/common/attrs/batch_norm.h"
#include "kernels/common/kernel_table.h"
#include "kernels/x86/batch_norm_images.h"

namespace miai::kernels {
namespace {

constexpr size_t kZ = 5;  // input

/// The map of channel c, from its sums about `origin` if there are any.
using MapOfChannel = ChannelMap<float> (*)(const KernelArgs& args, int64_t c, int64_t count, float origin,
                                           const double sums[2]);

struct State {
  BatchNormAttrs attrs;  // training: there are sums
  Clamp clamp;
  MapOfChannel map_of_channel;
};

/// From the statistics, which are outputs too.
ChannelMap<float> new_map(const KernelArgs& args, int64_t c, int64_t count, float origin,
                          const double sums[2]) {
  const BatchNormAttrs& a = args.state_as<State>().attrs;
  double kept_mean = channel_value(args, 1, c, 0), kept_var = channel_value(args, 2, c, 0);
  double mean = kept_mean, var = kept_var, new_mean = mean, new_var = var;
  if (a.training && count > 0) {
    double n = static_cast<double>(count), shift = sums[0] / n;
    mean = origin + shift;
    var = std::max(sums[1] / n - shift * shift, 0.0);
    double share = has_input(args, 1) ? 1 - a.momentum : 1;
    new_mean = kept_mean * (1 - share) + mean * share;
    new_var = kept_var * (1 - share) + var * n / (n - 1) * share;
  }
  double rstd = 1 / std::sqrt(var + a.eps), values[] = {new_mean, new_var, mean, rstd};
  for (int i = 0; i < 4; ++i) set_channel(args.outputs[1 + i], c, values[i]);
  return channel_map(static_cast<float>(mean), static_cast<float>(rstd), channel_value(args, 3, c, 1),
                     channel_value(args, 4, c, 0));
}

/// From the mean and rstd that a forward pass saved.
ChannelMap<float> saved_map(const KernelArgs& args, int64_t c, int64_t /*count*/, float /*origin*/,
                            const double* /*sums*/) {
  return channel_map(channel_value(args, 1, c, 0), channel_value(args, 2, c, 1), channel_value(args, 3, c, 1),
                     channel_value(args, 4, c, 0));
}

Prepared prepared(const KernelSignature& s, State state) {
  return {std::make_shared<State>(std::move(state)), rows_workspace(s)};
}
Prepared prepare_plain(const KernelSignature& s) {
  return prepared(s, {s.attrs.as<BatchNormAttrs>(), clamp_of("identity"), new_map});
}
Prepared prepare_act(const KernelSignature& s) {
  const auto& a = s.attrs.as<BatchNormActAttrs>();
  return prepared(s, {a, clamp_of(a.activation), new_map});
}
Prepared prepare_apply(const KernelSignature& s) {
  BatchNormAttrs no_sums;
  no_sums.training = false;
  return prepared(s, {no_sums, clamp_of(s.attrs.as<BatchNormApplyAttrs>().activation), saved_map});
}

void run_on_runs(const KernelArgs& args, ChannelRuns in, ChannelRuns out) {
  const TensorView &inp = args.inputs[0], &result = args.outputs[0];
  const auto& state = args.state_as<State>();
  const TensorView* z = has_input(args, kZ) ? &args.inputs[kZ] : nullptr;
  ChannelRuns added = z ? *runs_of(*z) : in;
  int64_t count = in.runs * in.length;
  for_each_channel(in, inp.shape[1], [&](int64_t c) {
    const float* x = inp.as<float>() + c * inp.strides[1];
    bool training = state.attrs.training && count > 0;
    double sums[2] = {};
    float origin = training ? x[0] : 0;
    if (training) batch_norm_loops().run_moments(x, in, origin, sums);
    ChannelMap<float> map = state.map_of_channel(args, c, count, origin, sums);
    batch_norm_loops().run_apply(x, in, z ? z->as<float>() + c * z->strides[1] : nullptr, added,
                                 result.as<float>() + c * result.strides[1], out, map, state.clamp);
  });
}

void run_on_rows(const KernelArgs& args, ChannelRows in, ChannelRows out) {
  const auto& state = args.state_as<State>();
  const float *x = args.inputs[0].as<float>(), *z = nullptr;
  float* y = args.outputs[0].as<float>();
  int64_t z_stride = 0;
  if (has_input(args, kZ)) z = args.inputs[kZ].as<float>(), z_stride = rows_of(args.inputs[kZ])->stride;
  RowChunks chunks(in);
  if (state.attrs.training)
    chunks.sum(args.workspace, [&](int64_t begin, int64_t end, double* first, double* second) {
      batch_norm_loops().row_moments(x + begin * in.stride, in.part(begin, end), x, first, second);
    });
  float *mean = chunks.array(args.workspace, 0), *scale = chunks.array(args.workspace, 1),
        *shift = chunks.array(args.workspace, 2);
  chunks.finish(args.workspace, state.attrs.training, [&](int64_t c, const double sums[2]) {
    ChannelMap<float> map = state.map_of_channel(args, c, in.rows, in.rows > 0 ? x[c] : 0, sums);
    mean[c] = map.mean, scale[c] = map.scale, shift[c] = map.shift;
  });
  chunks.apply([&](int64_t begin, int64_t end) {
    batch_norm_loops().row_apply(x + begin * in.stride, in.part(begin, end),
                                 z ? z + begin * z_stride : nullptr, z_stride, y + begin * out.stride,
                                 out.stride, {mean, scale, shift}, state.clamp);
  });
}

void run(const KernelArgs& args) {
  auto in = runs_of(args.inputs[0]), out = runs_of(args.outputs[0]);
  bool runs = in && out && (!has_input(args, kZ) || runs_of(args.inputs[kZ]));
  if (runs) return run_on_runs(args, *in, *out);
  run_on_rows(args, *rows_of(args.inputs[0]), *rows_of(args.outputs[0]));
}

Kernel kernel_of(std::string op, Prepared (*prepare)(const KernelSignature&)) {
  std::string name = "x86/" + op;
  return {.op = std::move(op),
          .name = std::move(name),
          .supports = [](const KernelSignature& s) { return supports_images(s, {0, kZ}); },
          .prepare = prepare,
          .run = run,
          .preference = 10,
          .channels_last = ChannelsLast{.inputs = {0, static_cast<int>(kZ)}, .outputs = {0}}};
}

}  // namespace

void register_x86_batch_norm(KernelTable& table) {
  table.add(kernel_of("batch_norm", prepare_plain));
  table.add(kernel_of("batch_norm_act", prepare_act));
  table.add(kernel_of("batch_norm_apply", prepare_apply));
}

}  // namespace miai::kernels
