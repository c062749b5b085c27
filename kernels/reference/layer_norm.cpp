// layer_norm and its gradient, sample by sample, in two passes.
#include "kernels/common/attrs/layer_norm.h"

#include <cmath>

#include "kernels/common/layer_norm_shape.h"
#include "kernels/common/strided.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using reference::narrow;
using reference::widen;

bool has_input(const KernelArgs& args, size_t i) { return i < args.inputs.size() && args.inputs[i].present; }

/// Strides over the normalised axes of a weight or bias; 0 where it was not given.
Strides parameter_strides(const KernelArgs& args, size_t i, const LayerNormShape& shape) {
  return has_input(args, i) ? args.inputs[i].strides : Strides(shape.inner.size(), 0);
}
template <class S>
double parameter(const KernelArgs& args, size_t i, int64_t offset, double otherwise) {
  return has_input(args, i) ? widen(args.inputs[i].as<S>()[offset]) : otherwise;
}

template <class T, class S>
void forward_of(const KernelArgs& args) {
  const auto& a = args.attrs_as<LayerNormAttrs>();
  int normalized = a.normalized_shape.size();
  LayerNormShape in(args.inputs[0], normalized), out(args.outputs[0], normalized);
  LayerNormShape mean_at(args.outputs[1], normalized), rstd_at(args.outputs[2], normalized);
  Strides weight = parameter_strides(args, 1, in), bias = parameter_strides(args, 2, in);
  auto count = static_cast<double>(in.count());
  auto sample = [&](int64_t from, int64_t to, int64_t m, int64_t r) {
    const T* x = args.inputs[0].as<T>() + from;
    T* y = args.outputs[0].as<T>() + to;
    double mean = 0, var = 0;
    for_each_offset(in.inner, [&](int64_t i) { mean += widen(x[i]); }, in.inner_strides);
    mean /= count;
    auto squared = [&](int64_t i) { var += (widen(x[i]) - mean) * (widen(x[i]) - mean); };
    for_each_offset(in.inner, squared, in.inner_strides);
    double rstd = 1 / std::sqrt(var / count + a.eps);
    auto write = [&](int64_t i, int64_t o, int64_t w, int64_t b) {
      double value = (widen(x[i]) - mean) * rstd * parameter<S>(args, 1, w, 1);
      y[o] = narrow<T>(value + parameter<S>(args, 2, b, 0));
    };
    for_each_offset(in.inner, write, in.inner_strides, out.inner_strides, weight, bias);
    args.outputs[1].as<S>()[m] = narrow<S>(mean);
    args.outputs[2].as<S>()[r] = narrow<S>(rstd);
  };
  for_each_offset(in.samples, sample, in.sample_strides, out.sample_strides, mean_at.sample_strides,
                  rstd_at.sample_strides);
}

template <class T, class S>
void backward_of(const KernelArgs& args) {
  int normalized = args.attrs_as<LayerNormGradAttrs>().normalized_shape.size();
  LayerNormShape grad(args.inputs[0], normalized), in(args.inputs[1], normalized);
  LayerNormShape mean_at(args.inputs[3], normalized), rstd_at(args.inputs[4], normalized);
  LayerNormShape out(args.outputs[0], normalized);
  Strides weight = parameter_strides(args, 2, in);
  int64_t count = in.count();
  auto* dweight = static_cast<double*>(args.workspace);
  double* dbias = dweight + count;
  std::fill_n(dweight, 2 * count, 0.0);
  auto sample = [&](int64_t g, int64_t from, int64_t m, int64_t r, int64_t to) {
    const T *dy = args.inputs[0].as<T>() + g, *x = args.inputs[1].as<T>() + from;
    T* dx = args.outputs[0].as<T>() + to;
    double mean = widen(args.inputs[3].as<S>()[m]), rstd = widen(args.inputs[4].as<S>()[r]);
    double sum = 0, product = 0;
    int64_t k = 0;
    auto collect = [&](int64_t j, int64_t i, int64_t w) {
      double d = widen(dy[j]), normal = (widen(x[i]) - mean) * rstd;
      dweight[k] += d * normal;
      dbias[k++] += d;
      sum += d * parameter<S>(args, 2, w, 1);
      product += d * parameter<S>(args, 2, w, 1) * normal;
    };
    for_each_offset(in.inner, collect, grad.inner_strides, in.inner_strides, weight);
    auto n = static_cast<double>(count);
    auto write = [&](int64_t j, int64_t i, int64_t w, int64_t o) {
      double normal = (widen(x[i]) - mean) * rstd;
      dx[o] = narrow<T>((widen(dy[j]) * parameter<S>(args, 2, w, 1) - sum / n - normal * product / n) * rstd);
    };
    for_each_offset(in.inner, write, grad.inner_strides, in.inner_strides, weight, out.inner_strides);
  };
  for_each_offset(in.samples, sample, grad.sample_strides, in.sample_strides, mean_at.sample_strides,
                  rstd_at.sample_strides, out.sample_strides);
  int64_t k = 0;
  auto store = [&](int64_t w, int64_t b) {
    args.outputs[1].as<S>()[w] = narrow<S>(dweight[k]);
    args.outputs[2].as<S>()[b] = narrow<S>(dbias[k++]);
  };
  for_each_offset(in.inner, store, args.outputs[1].strides, args.outputs[2].strides);
}

template <class T>
using Statistics = std::conditional_t<std::is_same_v<T, double>, double, float>;

void run_layer_norm(const KernelArgs& args) {
  visit_float(args.inputs[0].dtype, [&]<class T>() { forward_of<T, Statistics<T>>(args); });
}
void run_backward(const KernelArgs& args) {
  visit_float(args.inputs[0].dtype, [&]<class T>() { backward_of<T, Statistics<T>>(args); });
}
Prepared prepare_backward(const KernelSignature& s) {
  return {nullptr, 2 * sizeof(double) * static_cast<size_t>(s.outputs[1].size())};
}

}  // namespace

void register_reference_layer_norm(KernelTable& table) {
  table.add(reference_kernel("layer_norm", run_layer_norm));
  table.add(reference_kernel("layer_norm_backward", run_backward, prepare_backward));
}

}  // namespace miai::kernels
