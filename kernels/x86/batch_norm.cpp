// batch_norm and its gradient for float32, where channels are runs (images) or columns (rows, channels-last
// images).
#include "kernels/x86/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/common/attrs/batch_norm.h"
#include "kernels/common/channel_shape.h"
#include "kernels/common/kernel_table.h"
#include "kernels/common/parallel.h"
#include "kernels/x86/isa.h"

namespace miai::kernels {
namespace {

constexpr int kColumns = ChannelColumns::kColumns;
constexpr int64_t kGrain = 16 * 1024;  // elements that are worth a thread

const BatchNormLoops& loops() {
  return choose_isa(baseline::batch_norm_loops, avx2::batch_norm_loops, avx512::batch_norm_loops);
}

bool has_input(std::span<const TensorView> inputs, size_t i) {
  return i < inputs.size() && inputs[i].present;
}

/// Channels as runs, if height and width lie without gaps.
std::optional<ChannelRuns> runs_of(const TensorMeta& meta) {
  ChannelShape s(meta);
  if (meta.rank() != 4 || (s.w > 1 && s.strides[3] != 1) || (s.h > 1 && s.strides[2] != s.w))
    return std::nullopt;
  return ChannelRuns{s.n, s.h * s.w, s.strides[0]};
}

/// Distance between rows of channels, if the channels lie without gaps and the rows go on evenly.
std::optional<int64_t> row_stride(const TensorMeta& meta) {
  ChannelShape s(meta);
  if (s.c > 1 && s.strides[1] != 1) return std::nullopt;
  int64_t sizes[] = {s.n, s.h, s.w}, strides[] = {s.strides[0], s.strides[2], s.strides[3]};
  int64_t stride = 0, expected = 0;
  for (int i = 2; i >= 0; --i) {
    if (sizes[i] == 1) continue;
    if (!stride)
      stride = strides[i];
    else if (strides[i] != expected)
      return std::nullopt;
    expected = strides[i] * sizes[i];
  }
  return stride;
}

float value_at(std::span<const TensorView> inputs, size_t i, int64_t c, float otherwise) {
  return has_input(inputs, i) ? inputs[i].as<float>()[c * inputs[i].strides[0]] : otherwise;
}
void set_value(const TensorView& out, int64_t c, double value) {
  out.as<float>()[c * out.strides[0]] = static_cast<float>(value);
}

// ---- forward ----

/// Statistics of channel c from its sums about `origin`: writes the outputs, gives the map.
ChannelMap finish_channel(const KernelArgs& args, int64_t c, int64_t count, float origin,
                          const double sums[2]) {
  const auto& a = args.attrs_as<BatchNormAttrs>();
  double kept_mean = value_at(args.inputs, 1, c, 0), kept_var = value_at(args.inputs, 2, c, 0);
  double mean = kept_mean, var = kept_var, new_mean = mean, new_var = var;
  if (a.training && count > 0) {
    double n = static_cast<double>(count), shift = sums[0] / n;
    mean = origin + shift;
    var = std::max(sums[1] / n - shift * shift, 0.0);
    double share = has_input(args.inputs, 1) ? 1 - a.momentum : 1;
    new_mean = kept_mean * (1 - share) + mean * share;
    new_var = kept_var * (1 - share) + var * n / (n - 1) * share;
  }
  double rstd = 1 / std::sqrt(var + a.eps), values[] = {new_mean, new_var, mean, rstd};
  for (int i = 0; i < 4; ++i) set_value(args.outputs[1 + i], c, values[i]);
  return {static_cast<float>(mean), static_cast<float>(rstd * value_at(args.inputs, 3, c, 1)),
          value_at(args.inputs, 4, c, 0)};
}

void forward_runs(const KernelArgs& args, ChannelRuns in, ChannelRuns out) {
  const TensorView &inp = args.inputs[0], &result = args.outputs[0];
  bool training = args.attrs_as<BatchNormAttrs>().training;
  int64_t count = in.runs * in.length;
  parallel_for(0, inp.shape[1], kGrain / std::max<int64_t>(count, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const float* x = inp.as<float>() + c * inp.strides[1];
      float origin = training && count > 0 ? x[0] : 0;
      double sums[2] = {};
      if (training) loops().moments(x, in, origin, sums);
      ChannelMap map = finish_channel(args, c, count, origin, sums);
      loops().apply(x, in, result.as<float>() + c * result.strides[1], out, map);
    }
  });
}

void forward_columns(const KernelArgs& args, int64_t stride, int64_t out_stride) {
  const TensorView &inp = args.inputs[0], &result = args.outputs[0];
  bool training = args.attrs_as<BatchNormAttrs>().training;
  int64_t channels = inp.shape[1], count = ChannelShape(inp).count();
  int64_t blocks = (channels + kColumns - 1) / kColumns;
  parallel_for(0, blocks, kGrain / std::max<int64_t>(count * kColumns, 1) + 1,
               [&](int64_t begin, int64_t end) {
                 for (int64_t block = begin; block < end; ++block) {
                   int64_t first = block * kColumns;
                   ChannelColumns columns{count, stride,
                                          static_cast<int>(std::min<int64_t>(kColumns, channels - first))};
                   const float* x = inp.as<float>() + first;
                   float origin[kColumns] = {};
                   double sums[kColumns][2] = {};
                   ChannelMap maps[kColumns];
                   if (training && count > 0) std::copy(x, x + columns.columns, origin);
                   if (training) loops().column_moments(x, columns, origin, sums);
                   for (int j = 0; j < columns.columns; ++j)
                     maps[j] = finish_channel(args, first + j, count, origin[j], sums[j]);
                   loops().column_apply(x, columns, result.as<float>() + first, out_stride, maps);
                 }
               });
}

void run_batch_norm(const KernelArgs& args) {
  auto in = runs_of(args.inputs[0]), out = runs_of(args.outputs[0]);
  if (in && out) return forward_runs(args, *in, *out);
  forward_columns(args, *row_stride(args.inputs[0]), *row_stride(args.outputs[0]));
}

// ---- backward: dy, x, weight, mean, rstd -> dx, dweight, dbias ----

ChannelGradMap finish_grad(const KernelArgs& args, int64_t c, int64_t count, const double sums[2]) {
  double mean = value_at(args.inputs, 3, c, 0), rstd = value_at(args.inputs, 4, c, 1);
  double dbias = sums[0], dweight = sums[1] * rstd, scale = rstd * value_at(args.inputs, 2, c, 1);
  set_value(args.outputs[1], c, dweight);
  set_value(args.outputs[2], c, dbias);
  double share =
      args.attrs_as<BatchNormGradAttrs>().training && count > 0 ? scale / static_cast<double>(count) : 0;
  return {static_cast<float>(mean), static_cast<float>(scale), static_cast<float>(-share * rstd * dweight),
          static_cast<float>(-share * dbias)};
}

void backward_runs(const KernelArgs& args, ChannelRuns grad, ChannelRuns in, ChannelRuns out) {
  const TensorView &dy = args.inputs[0], &inp = args.inputs[1], &dx = args.outputs[0];
  int64_t count = in.runs * in.length;
  parallel_for(0, inp.shape[1], kGrain / std::max<int64_t>(count, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const float *g = dy.as<float>() + c * dy.strides[1], *x = inp.as<float>() + c * inp.strides[1];
      double sums[2] = {};
      loops().grad_sums(g, grad, x, in, value_at(args.inputs, 3, c, 0), sums);
      ChannelGradMap map = finish_grad(args, c, count, sums);
      loops().grad_apply(g, grad, x, in, dx.as<float>() + c * dx.strides[1], out, map);
    }
  });
}

void backward_columns(const KernelArgs& args, int64_t grad_stride, int64_t stride, int64_t out_stride) {
  const TensorView &dy = args.inputs[0], &inp = args.inputs[1], &dx = args.outputs[0];
  int64_t channels = inp.shape[1], count = ChannelShape(inp).count();
  int64_t blocks = (channels + kColumns - 1) / kColumns;
  parallel_for(
      0, blocks, kGrain / std::max<int64_t>(count * kColumns, 1) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block) {
          int64_t first = block * kColumns;
          ChannelColumns columns{count, stride,
                                 static_cast<int>(std::min<int64_t>(kColumns, channels - first))};
          const float *g = dy.as<float>() + first, *x = inp.as<float>() + first;
          double sums[kColumns][2] = {};
          ChannelMap means[kColumns] = {};
          ChannelGradMap maps[kColumns];
          for (int j = 0; j < columns.columns; ++j) means[j].mean = value_at(args.inputs, 3, first + j, 0);
          loops().column_grad_sums(g, grad_stride, x, columns, means, sums);
          for (int j = 0; j < columns.columns; ++j) maps[j] = finish_grad(args, first + j, count, sums[j]);
          loops().column_grad_apply(g, grad_stride, x, columns, dx.as<float>() + first, out_stride, maps);
        }
      });
}

void run_backward(const KernelArgs& args) {
  const TensorView &dy = args.inputs[0], &inp = args.inputs[1], &dx = args.outputs[0];
  auto grad = runs_of(dy), in = runs_of(inp), out = runs_of(dx);
  if (grad && in && out) return backward_runs(args, *grad, *in, *out);
  backward_columns(args, *row_stride(dy), *row_stride(inp), *row_stride(dx));
}

/// The images (the first inputs and output 0) are all runs, or all columns, of float32.
Support supports_images(const KernelSignature& s, size_t images) {
  if (s.inputs[0].dtype != DType::kFloat32)
    return Support::no("dtype " + std::string(dtype_name(s.inputs[0].dtype)) + ": made for float32");
  bool runs = runs_of(s.outputs[0]).has_value(), columns = row_stride(s.outputs[0]).has_value();
  for (size_t i = 0; i < images; ++i) {
    runs = runs && runs_of(s.inputs[i]);
    columns = columns && row_stride(s.inputs[i]);
  }
  return runs || columns ? Support::yes() : Support::no("strides that are neither NCHW nor channels-last");
}

}  // namespace

void register_x86_batch_norm(KernelTable& table) {
  table.add({.op = "batch_norm",
             .name = "x86/batch_norm",
             .supports = [](const KernelSignature& s) { return supports_images(s, 1); },
             .run = run_batch_norm,
             .preference = 10,
             .channels_last = ChannelsLast{.inputs = {0}, .outputs = {0}}});
  table.add({.op = "batch_norm_backward",
             .name = "x86/batch_norm_backward",
             .supports = [](const KernelSignature& s) { return supports_images(s, 2); },
             .run = run_backward,
             .preference = 10,
             .channels_last = ChannelsLast{.inputs = {0, 1}, .outputs = {0}}});
}

}  // namespace miai::kernels
