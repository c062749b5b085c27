// softmax and log_softmax along one axis, in double.
#include "kernels/common/attrs/softmax.h"

#include <cmath>

#include "kernels/common/axis_shape.h"
#include "kernels/common/strided.h"
#include "kernels/common/visit_float.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

using reference::narrow;
using reference::widen;

template <bool kLog, class T>
void softmax_of(const KernelArgs& args) {
  int axis = softmax_axis(args.attrs_as<SoftmaxAttrs>(), args.inputs[0].rank());
  AxisShape in(args.inputs[0], axis), out(args.outputs[0], axis);
  auto line = [&](int64_t from, int64_t to) {
    const T* x = args.inputs[0].as<T>() + from;
    T* y = args.outputs[0].as<T>() + to;
    double greatest = -HUGE_VAL, sum = 0;
    for (int64_t i = 0; i < in.size; ++i) {
      double value = widen(x[i * in.stride]);
      greatest = value > greatest || value != value ? value : greatest;
    }
    for (int64_t i = 0; i < in.size; ++i) sum += std::exp(widen(x[i * in.stride]) - greatest);
    double log_sum = std::log(sum);
    for (int64_t i = 0; i < in.size; ++i) {
      double shifted = widen(x[i * in.stride]) - greatest;
      y[i * out.stride] = narrow<T>(kLog ? shifted - log_sum : std::exp(shifted) / sum);
    }
  };
  for_each_offset(in.rest, line, in.strides, out.strides);
}

template <bool kLog>
void run_softmax(const KernelArgs& args) {
  visit_float(args.inputs[0].dtype, [&]<class T>() { softmax_of<kLog, T>(args); });
}

}  // namespace

void register_reference_softmax(KernelTable& table) {
  table.add(infallible_kernel("softmax", run_softmax<false>));
  table.add(infallible_kernel("log_softmax", run_softmax<true>));
}

}  // namespace miai::kernels
