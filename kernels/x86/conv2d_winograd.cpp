// conv2d, conv2d_bias_act and conv2d_backward_data of float32 with windows of 3 x 3 by Winograd's minimal
// filtering, where that is expected to be quicker (docs/adr/0016).
#include <algorithm>
#include <limits>

#include "kernels/common/kernel_table.h"
#include "kernels/common/rounding.h"
#include "kernels/x86/conv2d_signature.h"
#include "kernels/x86/winograd_blocks.h"

namespace miai::kernels {
namespace {

constexpr int64_t kTaps = 9;

bool is_backward(const KernelSignature& s) { return s.op == "conv2d_backward_data"; }
const TensorMeta& weight_of(const KernelSignature& s) { return s.inputs[is_backward(s) ? 0 : 1]; }
const TensorMeta& source_of(const KernelSignature& s) { return s.inputs[is_backward(s) ? 1 : 0]; }

// ---- what a call costs: cycles of 16 products each, as measured on Zen 4 ----

constexpr int64_t kLanes = 16;

double plain_cycles(const KernelSignature& s) {
  constexpr double kShare = 0.93, kRead = 0.25;  // of the peak; a byte of the weight
  const double products = static_cast<double>(weight_of(s).size());
  const TensorMeta& y = s.outputs[0];
  return products * static_cast<double>(y.shape[0] * y.shape[2] * y.shape[3]) / static_cast<double>(kLanes) /
             kShare +
         products * sizeof(float) * kRead;
}

constexpr double kMostWorkspace = 12e6;  // bytes of a weight's points that a run may make anew

double winograd_cycles(const KernelSignature& s, int m) {
  constexpr double kShare = 0.87, kRead = 0.25;
  constexpr double kSource = 7, kTarget = 5;      // to transform a vector of one point
  constexpr double kWeight = 400;                 // to transform a vector of the weight
  constexpr double kCached = 2e6, kWrite = 0.35;  // bytes of points beyond the caches, each of them
  const TensorMeta& y = s.outputs[0];
  const auto tiles = static_cast<double>(y.shape[0] * divide_up(y.shape[2], m) * divide_up(y.shape[3], m));
  const double points = winograd_points(m) * winograd_points(m);
  const auto channels = static_cast<double>(source_of(s).shape[1]);
  const auto source = static_cast<double>(divide_up(source_of(s).shape[1], kLanes));  // vectors
  const auto target = static_cast<double>(divide_up(y.shape[1], kLanes));
  const double bytes = points * channels * target * static_cast<double>(kLanes) * sizeof(float);
  if (!s.packed && bytes > kMostWorkspace) return std::numeric_limits<double>::infinity();
  return tiles * points * (channels * target / kShare + kSource * source + kTarget * target) + bytes * kRead +
         (s.packed ? 0 : channels * target * kWeight + std::max(0.0, bytes - kCached) * kWrite);
}

int best_tile(const KernelSignature& s) { return winograd_cycles(s, 4) < winograd_cycles(s, 2) ? 4 : 2; }

// ---- which calls ----

Support supports_images(const KernelSignature& s) {
  for (const TensorMeta* meta : {&source_of(s), &s.outputs[0]})
    if (!meta->is_dense() && !meta->is_channels_last()) return Support::no("images with gaps");
  if (!weight_of(s).is_dense()) return Support::no("a weight with gaps");
  if (s.inputs.size() <= 2) return Support::yes();
  if (s.inputs[2].present && !s.inputs[2].is_dense()) return Support::no("a bias with gaps");
  if (s.inputs.size() > 3 && s.inputs[3].present &&
      !(s.inputs[3].is_channels_last() && s.outputs[0].is_channels_last()))
    return Support::no("a residual or an output that is not channels-last");
  return Support::yes();
}

Support supports_winograd(const KernelSignature& s) {
  const Conv2dAttrs a = conv2d_attrs_of(s);
  for (const TensorMeta& meta : s.inputs)
    if (meta.present && meta.dtype != DType::kFloat32)
      return Support::no("dtype " + std::string(dtype_name(meta.dtype)) + ": made for float32");
  if (weight_of(s).shape[2] != 3 || weight_of(s).shape[3] != 3)
    return Support::no("made for windows of 3 x 3");
  if (a.stride != Pair{1, 1} || a.dilation != Pair{1, 1})
    return Support::no("made for stride and dilation 1");
  if (a.groups != 1) return Support::no("made for one group");
  if (a.padding[0] > 2 || a.padding[1] > 2) return Support::no("made for a padding of 2 at most");
  if (Support images = supports_images(s); !images.ok) return images;
  constexpr double kClear = 0.8;
  const double gain = winograd_cycles(s, best_tile(s)) / plain_cycles(s);
  if (gain > 1) return Support::no("plain sums are expected to be quicker");
  return gain < kClear ? Support::yes() : Support::only_if_needed("hardly quicker than plain sums");
}

// ---- the kernels ----

WinogradImages images_of(const TensorMeta& meta) {
  return {meta.shape[1], meta.shape[2], meta.shape[3], meta.is_channels_last()};
}

Prepared prepare(const KernelSignature& s) {
  auto state = std::make_shared<WinogradBlocks>();
  WinogradBlocks& blocks = *state;
  const bool backward = is_backward(s);
  const Pair padding = conv2d_attrs_of(s).padding;
  const int64_t of_second = kTaps, of_first = kTaps * weight_of(s).shape[1];  // strides of the weight's dims
  blocks.m = best_tile(s);
  blocks.batch = s.outputs[0].shape[0];
  blocks.source = images_of(source_of(s)), blocks.target = images_of(s.outputs[0]);
  blocks.padding = backward ? Pair{2 - padding[0], 2 - padding[1]} : padding;
  blocks.weight_out = backward ? of_second : of_first;
  blocks.weight_channel = backward ? of_first : of_second;
  blocks.flipped = backward, blocks.packed = s.packed;
  if (s.op == "conv2d_bias_act") blocks.activation = activation_of(s.attrs.as<Conv2dActAttrs>().activation);
  blocks.finish();
  auto bytes = [](int64_t elements) { return static_cast<size_t>(elements) * sizeof(float); };
  const int64_t scratch = blocks.pieces * blocks.piece_elements;
  if (s.packed) return {state, bytes(scratch), bytes(blocks.weight_elements)};
  return {state, bytes(blocks.weight_elements + scratch)};
}

void pack(const void* state, const TensorView& weight, void* packed) {
  transform_weight(*static_cast<const WinogradBlocks*>(state), weight.as<float>(),
                   static_cast<float*>(packed));
}

Kernel winograd_kernel(const std::string& op, std::vector<int> image_inputs) {
  return {.op = op,
          .name = "x86/" + op + "_winograd",
          .supports = supports_winograd,
          .prepare = prepare,
          .preference = 30,
          .channels_last = ChannelsLast{
              .inputs = std::move(image_inputs), .outputs = {0}, .together = false, .preferred = true}};
}

}  // namespace

void register_x86_conv2d_winograd(KernelTable& table) {
  for (const char* op : {"conv2d", "conv2d_bias_act"}) {
    Kernel kernel = winograd_kernel(op, {0, 3});
    kernel.run = [](const KernelArgs& args) { run_winograd(args, args.inputs[0], args.inputs[1]); };
    kernel.packs = 1;
    kernel.pack = pack;
    table.add(std::move(kernel));
  }
  Kernel kernel = winograd_kernel("conv2d_backward_data", {1});
  kernel.run = [](const KernelArgs& args) { run_winograd(args, args.inputs[1], args.inputs[0]); };
  table.add(std::move(kernel));
}

}  // namespace miai::kernels
