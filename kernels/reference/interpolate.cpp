// interpolate, and its gradient, which hands each element back to those that it was made of.
#include "kernels/common/interpolate_taps.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

/// Calls f(n, c, i, j) for every element of the interpolated image.
template <class F>
void for_each_element(const TensorView& image, F&& f) {
  for (int64_t n = 0; n < image.shape[0]; ++n)
    for (int64_t c = 0; c < image.shape[1]; ++c)
      for (int64_t i = 0; i < image.shape[2]; ++i)
        for (int64_t j = 0; j < image.shape[3]; ++j) f(n, c, i, j);
}

/// Calls f(row, column, share) for the four input elements that an output element is made of.
template <class F>
void for_each_tap(const InterpolatePlan& plan, int64_t i, int64_t j, F&& f) {
  const InterpolateTap &row = plan.rows[static_cast<size_t>(i)],
                       &column = plan.columns[static_cast<size_t>(j)];
  f(row.low, column.low, (1 - row.share) * (1 - column.share));
  f(row.low, column.high, (1 - row.share) * column.share);
  f(row.high, column.low, row.share * (1 - column.share));
  f(row.high, column.high, row.share * column.share);
}

void run_forward(const KernelArgs& args) {
  const auto& plan = args.state_as<InterpolatePlan>();
  TensorView in = interpolate_image(args.inputs[0]), out = interpolate_image(args.outputs[0]);
  visit_float(in.dtype, [&]<class T>() {
    reference::Image<T> x(in), y(out);
    for_each_element(out, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
      double sum = 0;
      for_each_tap(plan, i, j, [&](int64_t row, int64_t column, double share) {
        if (share != 0) sum += share * reference::widen(x.at(n, c, row, column));
      });
      y.at(n, c, i, j) = reference::narrow<T>(sum);
    });
  });
}

void run_backward(const KernelArgs& args) {
  const auto& plan = args.state_as<InterpolatePlan>();
  TensorView grad = interpolate_image(args.inputs[0]), out = interpolate_image(args.outputs[0]);
  auto* sums = static_cast<double*>(args.workspace);
  const Shape& shape = out.shape;
  auto at = [&](int64_t n, int64_t c, int64_t row, int64_t column) {
    return ((n * shape[1] + c) * shape[2] + row) * shape[3] + column;
  };
  std::fill_n(sums, out.size(), 0.0);
  visit_float(grad.dtype, [&]<class T>() {
    reference::Image<T> dy(grad), dx(out);
    for_each_element(grad, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
      for_each_tap(plan, i, j, [&](int64_t row, int64_t column, double share) {
        if (share != 0) sums[at(n, c, row, column)] += share * reference::widen(dy.at(n, c, i, j));
      });
    });
    for_each_element(out, [&](int64_t n, int64_t c, int64_t i, int64_t j) {
      dx.at(n, c, i, j) = reference::narrow<T>(sums[at(n, c, i, j)]);
    });
  });
}

Prepared prepare_forward(const KernelSignature& s) {
  return {std::make_shared<InterpolatePlan>(s.attrs.as<InterpolateAttrs>(), s.inputs[0].shape,
                                            s.outputs[0].shape),
          0};
}
Prepared prepare_backward(const KernelSignature& s) {
  return {std::make_shared<InterpolatePlan>(s.attrs.as<InterpolateAttrs>(), s.outputs[0].shape,
                                            s.inputs[0].shape),
          static_cast<size_t>(s.outputs[0].size()) * sizeof(double)};
}

}  // namespace

void register_reference_interpolate(KernelTable& table) {
  table.add(reference_kernel("interpolate", run_forward, prepare_forward));
  table.add(reference_kernel("interpolate_backward", run_backward, prepare_backward));
}

}  // namespace miai::kernels
