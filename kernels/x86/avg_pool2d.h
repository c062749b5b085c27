// What the kernels of average pooling share, whichever way the images lie: the windows of each operator.
#pragma once
#include <optional>
#include <string>

#include "kernels/common/kernel_table.h"
#include "kernels/common/pool_window.h"

namespace miai::kernels {

/// Loops::pool and Loops::backward(args, rows, columns, share) walk the windows.
template <class Loops>
struct AvgPool2d {
  static void run(const KernelArgs& args) {
    const auto& a = args.attrs_as<AvgPool2dAttrs>();
    const Shape& image = args.inputs[0].shape;
    Loops::pool(args, FixedWindows{a.kernel_size[0], a.step()[0], a.padding[0], image[2]},
                FixedWindows{a.kernel_size[1], a.step()[1], a.padding[1], image[3]},
                pool_share(a.mode, a.kernel_size));
  }
  static void run_backward(const KernelArgs& args) {
    const auto& a = args.attrs_as<AvgPool2dGradAttrs>();
    const Shape& image = args.outputs[0].shape;
    Loops::backward(args, FixedWindows{a.kernel_size[0], a.stride[0], a.padding[0], image[2]},
                    FixedWindows{a.kernel_size[1], a.stride[1], a.padding[1], image[3]},
                    pool_share(a.mode, a.kernel_size));
  }
  static void run_adaptive(const KernelArgs& args) {
    const Shape &image = args.inputs[0].shape, &out = args.outputs[0].shape;
    Loops::pool(args, AdaptiveWindows{out[2], image[2]}, AdaptiveWindows{out[3], image[3]}, PoolShare{});
  }
  static void run_adaptive_backward(const KernelArgs& args) {
    const Shape &dy = args.inputs[0].shape, &image = args.outputs[0].shape;
    Loops::backward(args, AdaptiveWindows{dy[2], image[2]}, AdaptiveWindows{dy[3], image[3]}, PoolShare{});
  }

  static void add_kernels(KernelTable& table, const std::string& suffix,
                          Support (*supports)(const KernelSignature&),
                          const std::optional<ChannelsLast>& channels_last) {
    auto add = [&](const std::string& op, void (*run)(const KernelArgs&)) {
      table.add({.op = op,
                 .name = "x86/" + op + suffix,
                 .supports = supports,
                 .run = run,
                 .preference = 10,
                 .channels_last = channels_last});
    };
    add("avg_pool2d", run);
    add("avg_pool2d_backward", run_backward);
    add("adaptive_avg_pool2d", run_adaptive);
    add("adaptive_avg_pool2d_backward", run_adaptive_backward);
  }
};

}  // namespace miai::kernels
