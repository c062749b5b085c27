// The gradients of batch_norm and batch_norm_act for float32: dy, x, weight, mean, rstd (, bias) -> dx,
// dweight, dbias. What an activation clamped is found from x again: the result itself is not read.
#include "kernels/common/attrs/batch_norm.h"
#include "kernels/common/kernel_table.h"
#include "kernels/x86/batch_norm_images.h"

namespace miai::kernels {
namespace {

struct State {
  bool training;
  Clamp clamp;
};

Prepared prepare_plain(const KernelSignature& s) {
  State state{s.attrs.as<BatchNormGradAttrs>().training, clamp_of("identity")};
  return {std::make_shared<State>(state), rows_workspace(s)};
}
Prepared prepare_act(const KernelSignature& s) {
  const auto& a = s.attrs.as<BatchNormActGradAttrs>();
  return {std::make_shared<State>(State{a.training, clamp_of(a.activation)}), rows_workspace(s)};
}

/// The map that the forward pass used.
ChannelMap<float> forward_map(const KernelArgs& args, int64_t c) {
  return channel_map(channel_value(args, 3, c, 0), channel_value(args, 4, c, 1), channel_value(args, 2, c, 1),
                     channel_value(args, 5, c, 0));
}

ChannelGradMap<float> finish_channel(const KernelArgs& args, int64_t c, int64_t count, const double sums[2]) {
  double rstd = channel_value(args, 4, c, 1), dbias = sums[0], dweight = sums[1] * rstd;
  double scale = rstd * channel_value(args, 2, c, 1);
  set_channel(args.outputs[1], c, dweight);
  set_channel(args.outputs[2], c, dbias);
  bool through_statistics = args.state_as<State>().training && count > 0;
  double share = through_statistics ? scale / static_cast<double>(count) : 0;
  return {static_cast<float>(scale), static_cast<float>(-share * rstd * dweight),
          static_cast<float>(-share * dbias)};
}

void run_on_runs(const KernelArgs& args, ChannelRuns grad, ChannelRuns in, ChannelRuns out) {
  const TensorView &dy = args.inputs[0], &inp = args.inputs[1], &dx = args.outputs[0];
  Clamp clamp = args.state_as<State>().clamp;
  for_each_channel(in, inp.shape[1], [&](int64_t c) {
    const float *g = dy.as<float>() + c * dy.strides[1], *x = inp.as<float>() + c * inp.strides[1];
    ChannelMap<float> map = forward_map(args, c);
    double sums[2] = {};
    batch_norm_loops().run_grad_sums(g, grad, x, in, map, clamp, sums);
    batch_norm_loops().run_grad_apply(g, grad, x, in, dx.as<float>() + c * dx.strides[1], out, map, clamp,
                                      finish_channel(args, c, in.runs * in.length, sums));
  });
}

void run_on_rows(const KernelArgs& args, ChannelRows grad, ChannelRows in, ChannelRows out) {
  const float *dy = args.inputs[0].as<float>(), *x = args.inputs[1].as<float>();
  float* dx = args.outputs[0].as<float>();
  Clamp clamp = args.state_as<State>().clamp;
  RowChunks chunks(in);
  float* arrays[RowChunks::kArrays];
  for (int i = 0; i < RowChunks::kArrays; ++i) arrays[i] = chunks.array(args.workspace, i);
  auto [mean, scale, shift, grad_scale, slope, grad_shift] = arrays;
  for (int64_t c = 0; c < in.channels; ++c) {
    ChannelMap<float> map = forward_map(args, c);
    mean[c] = map.mean, scale[c] = map.scale, shift[c] = map.shift;
  }
  ChannelMap<const float*> map{mean, scale, shift};
  chunks.sum(args.workspace, [&](int64_t begin, int64_t end, double* first, double* second) {
    batch_norm_loops().row_grad_sums(dy + begin * grad.stride, grad.stride, x + begin * in.stride,
                                     in.part(begin, end), map, clamp, first, second);
  });
  chunks.finish(args.workspace, true, [&](int64_t c, const double sums[2]) {
    ChannelGradMap<float> to = finish_channel(args, c, in.rows, sums);
    grad_scale[c] = to.scale, slope[c] = to.slope, grad_shift[c] = to.shift;
  });
  chunks.apply([&](int64_t begin, int64_t end) {
    batch_norm_loops().row_grad_apply(dy + begin * grad.stride, grad.stride, x + begin * in.stride,
                                      in.part(begin, end), dx + begin * out.stride, out.stride, map, clamp,
                                      {grad_scale, slope, grad_shift});
  });
}

void run(const KernelArgs& args) {
  const TensorView &dy = args.inputs[0], &inp = args.inputs[1], &dx = args.outputs[0];
  auto grad = runs_of(dy), in = runs_of(inp), out = runs_of(dx);
  if (grad && in && out) return run_on_runs(args, *grad, *in, *out);
  run_on_rows(args, *rows_of(dy), *rows_of(inp), *rows_of(dx));
}

Kernel kernel_of(std::string op, Prepared (*prepare)(const KernelSignature&)) {
  std::string name = "x86/" + op;
  return {.op = std::move(op),
          .name = std::move(name),
          .supports = [](const KernelSignature& s) { return supports_images(s, {0, 1}); },
          .prepare = prepare,
          .run = run,
          .preference = 10,
          .channels_last = ChannelsLast{.inputs = {0, 1}, .outputs = {0}}};
}

}  // namespace

void register_x86_batch_norm_backward(KernelTable& table) {
  table.add(kernel_of("batch_norm_backward", prepare_plain));
  table.add(kernel_of("batch_norm_act_backward", prepare_act));
}

}  // namespace miai::kernels
