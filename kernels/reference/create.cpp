// arange, linspace, eye, iota: values of the row-major index.
#include "kernels/common/attrs/create.h"

#include <cmath>

#include "kernels/common/convert_scalar.h"
#include "kernels/common/strided.h"
#include "kernels/reference/reference_kernel.h"

namespace miai {

namespace kernels {
namespace {

template <class F>
void fill(const TensorView& out, F&& value) {
  visit_dtype(out.dtype, [&]<class T>() {
    int64_t i = 0;
    for_each_offset(
        out.shape, [&](int64_t to) { out.as<T>()[to] = from_double<T>(value(i++)); }, out.strides);
  });
}

void run_arange(const KernelArgs& args) {
  const ArangeAttrs& a = args.attrs_as<ArangeAttrs>();
  const double start = a.start.value(), step = a.step.value();
  fill(args.outputs[0], [&](int64_t i) { return start + static_cast<double>(i) * step; });
}

void run_linspace(const KernelArgs& args) {
  const LinspaceAttrs& a = args.attrs_as<LinspaceAttrs>();
  double last = static_cast<double>(args.outputs[0].shape[0] - 1);
  double step = last > 0 ? (a.stop - a.start) / last : 0;
  // From both ends, so that the last value is exact.
  fill(args.outputs[0], [&](int64_t i) {
    double at = static_cast<double>(i);
    return 2 * at <= last ? a.start + at * step : a.stop - (last - at) * step;
  });
}

void run_eye(const KernelArgs& args) {
  int64_t columns = std::max<int64_t>(1, args.outputs[0].shape[1]);
  fill(args.outputs[0], [&](int64_t i) { return i / columns == i % columns; });
}

void run_iota(const KernelArgs& args) {
  fill(args.outputs[0], [](int64_t i) { return static_cast<double>(i); });
}

}  // namespace

void register_reference_create(KernelTable& table) {
  table.add(infallible_kernel("arange", run_arange));
  table.add(infallible_kernel("linspace", run_linspace));
  table.add(infallible_kernel("eye", run_eye));
  table.add(infallible_kernel("iota", run_iota));
}

}  // namespace kernels
}  // namespace miai
