// batch_norm, batch_norm_act and their gradients, channel by channel, in two passes.
#include "kernels/common/attrs/batch_norm.h"

#include <cmath>

#include "kernels/common/channel_shape.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using reference::narrow;
using reference::widen;

bool has_input(const KernelArgs& args, size_t i) { return i < args.inputs.size() && args.inputs[i].present; }

/// Element c of a tensor of one value a channel, or `otherwise` if it was not given.
template <class S>
double channel_value(const KernelArgs& args, size_t i, int64_t c, double otherwise) {
  if (!has_input(args, i)) return otherwise;
  return widen(args.inputs[i].as<S>()[c * args.inputs[i].strides[0]]);
}
template <class S>
void set_channel(const TensorView& out, int64_t c, double value) {
  out.as<S>()[c * out.strides[0]] = narrow<S>(value);
}

template <class F>
void for_each_of_channel(const ChannelShape& shape, F&& visit) {
  for (int64_t n = 0; n < shape.n; ++n)
    for (int64_t h = 0; h < shape.h; ++h)
      for (int64_t w = 0; w < shape.w; ++w) visit(n, h, w);
}

/// What an activation clamps to.
struct Range {
  double low = -INFINITY, high = INFINITY;
  explicit Range(std::string_view activation) {
    if (activation == "identity") return;
    low = 0;
    if (activation == "relu6") high = 6;
  }
  double clamp(double y) const { return y < low ? low : y > high ? high : y; }  // NaN stays
  bool lets_through(double y) const { return std::isinf(low) || (y > low && y < high); }
};

struct Moments {
  double mean = 0, var = 0;
};

template <class T>
Moments moments_of(const T* x, const ChannelShape& shape, int64_t c) {
  double count = static_cast<double>(shape.count());
  Moments m;
  for_each_of_channel(shape, [&](auto n, auto h, auto w) { m.mean += widen(x[shape.offset(n, c, h, w)]); });
  m.mean /= count;
  for_each_of_channel(shape, [&](auto n, auto h, auto w) {
    double d = widen(x[shape.offset(n, c, h, w)]) - m.mean;
    m.var += d * d;
  });
  m.var /= count;
  return m;
}

struct ChannelMap {
  double mean, rstd, weight, bias;
};

/// Input 5 is what is added.
template <class T>
void apply_to_channel(const KernelArgs& args, int64_t c, const Range& range, const ChannelMap& map) {
  bool has_sum = has_input(args, 5);
  ChannelShape in(args.inputs[0]), to(args.outputs[0]), added(args.inputs[has_sum ? 5 : 0]);
  const T *x = args.inputs[0].as<T>(), *z = has_sum ? args.inputs[5].as<T>() : nullptr;
  T* y = args.outputs[0].as<T>();
  for_each_of_channel(in, [&](auto n, auto h, auto w) {
    double value = (widen(x[in.offset(n, c, h, w)]) - map.mean) * map.rstd * map.weight + map.bias;
    if (has_sum) value += widen(z[added.offset(n, c, h, w)]);
    y[to.offset(n, c, h, w)] = narrow<T>(range.clamp(value));
  });
}

template <class T, class S>
void apply_of(const KernelArgs& args) {  // inp, mean, rstd, weight, bias, z
  Range range(args.attrs_as<BatchNormApplyAttrs>().activation);
  for (int64_t c = 0; c < args.inputs[0].shape[1]; ++c)
    apply_to_channel<T>(args, c, range,
                        {channel_value<S>(args, 1, c, 0), channel_value<S>(args, 2, c, 1),
                         channel_value<S>(args, 3, c, 1), channel_value<S>(args, 4, c, 0)});
}

template <class T, class S>
void forward_of(const KernelArgs& args, const BatchNormActAttrs& a) {
  Range range(a.activation);
  ChannelShape in(args.inputs[0]);
  const T* x = args.inputs[0].as<T>();
  double count = static_cast<double>(in.count());
  for (int64_t c = 0; c < in.c; ++c) {
    Moments kept{channel_value<S>(args, 1, c, 0), channel_value<S>(args, 2, c, 0)}, used = kept,
                                                                                    blended = kept;
    if (a.training && count > 0) {
      used = moments_of(x, in, c);
      double share = has_input(args, 1) ? 1 - a.momentum : 1;
      blended.mean = kept.mean * (1 - share) + used.mean * share;
      blended.var = kept.var * (1 - share) + used.var * count / (count - 1) * share;
    }
    double rstd = 1 / std::sqrt(used.var + a.eps);
    // Of the statistics as they are saved: batch_norm_apply gives the same bits.
    apply_to_channel<T>(args, c, range,
                        {widen(narrow<S>(used.mean)), widen(narrow<S>(rstd)), channel_value<S>(args, 3, c, 1),
                         channel_value<S>(args, 4, c, 0)});
    double statistics[] = {blended.mean, blended.var, used.mean, rstd};
    for (int i = 0; i < 4; ++i) set_channel<S>(args.outputs[1 + i], c, statistics[i]);
  }
}

template <class T, class S>
void backward_of(const KernelArgs& args, const BatchNormActGradAttrs& a) {
  Range range(a.activation);
  ChannelShape grad(args.inputs[0]), in(args.inputs[1]), to(args.outputs[0]);
  const T *dy = args.inputs[0].as<T>(), *x = args.inputs[1].as<T>();
  T* dx = args.outputs[0].as<T>();
  double count = static_cast<double>(in.count());
  for (int64_t c = 0; c < in.c; ++c) {
    double weight = channel_value<S>(args, 2, c, 1), mean = channel_value<S>(args, 3, c, 0);
    double rstd = channel_value<S>(args, 4, c, 1), dweight = 0, dbias = 0;
    auto normal = [&](auto n, auto h, auto w) { return (widen(x[in.offset(n, c, h, w)]) - mean) * rstd; };
    double bias = channel_value<S>(args, 5, c, 0);
    auto grad_at = [&](auto n, auto h, auto w) {
      bool passes = range.lets_through(normal(n, h, w) * weight + bias);
      return passes ? widen(dy[grad.offset(n, c, h, w)]) : 0.0;
    };
    for_each_of_channel(in, [&](auto n, auto h, auto w) {
      double d = grad_at(n, h, w);
      dbias += d;
      dweight += d * normal(n, h, w);
    });
    for_each_of_channel(in, [&](auto n, auto h, auto w) {
      double d = grad_at(n, h, w);
      if (a.training) d -= (dbias + normal(n, h, w) * dweight) / count;
      dx[to.offset(n, c, h, w)] = narrow<T>(d * rstd * weight);
    });
    set_channel<S>(args.outputs[1], c, dweight);
    set_channel<S>(args.outputs[2], c, dbias);
  }
}

template <class T>
using Statistics = std::conditional_t<std::is_same_v<T, double>, double, float>;

void run_forward(const KernelArgs& args, const BatchNormActAttrs& a) {
  visit_float(args.inputs[0].dtype, [&]<class T>() { forward_of<T, Statistics<T>>(args, a); });
}
void run_backward(const KernelArgs& args, const BatchNormActGradAttrs& a) {
  visit_float(args.inputs[0].dtype, [&]<class T>() { backward_of<T, Statistics<T>>(args, a); });
}

}  // namespace

void register_reference_batch_norm(KernelTable& table) {
  table.add(reference_kernel(
      "batch_norm", [](const KernelArgs& args) { run_forward(args, {args.attrs_as<BatchNormAttrs>()}); }));
  table.add(reference_kernel("batch_norm_apply", [](const KernelArgs& args) {
    visit_float(args.inputs[0].dtype, [&]<class T>() { apply_of<T, Statistics<T>>(args); });
  }));
  table.add(reference_kernel("batch_norm_backward", [](const KernelArgs& args) {
    run_backward(args, {args.attrs_as<BatchNormGradAttrs>()});
  }));
  table.add(reference_kernel("batch_norm_act", [](const KernelArgs& args) {
    run_forward(args, args.attrs_as<BatchNormActAttrs>());
  }));
  table.add(reference_kernel("batch_norm_act_backward", [](const KernelArgs& args) {
    run_backward(args, args.attrs_as<BatchNormActGradAttrs>());
  }));
}

}  // namespace miai::kernels
